-- Ends members as failed. p_error (or null) is added to each one's history.
create function email_queue_private.fail_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_reason text, p_error jsonb
) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.message as m
  set status = 'failed', reason = p_reason, completed_at = clock_timestamp(), dispatch_id = p_dispatch.id,
    attempts = least(e.attempts + p_dispatch.attempt, m.max_attempts),
    errors = email_queue_private.append_errors(email_queue_private.append_errors(e.errors, p_dispatch.errors),
      email_queue_private.stamp_error(p_error, e.attempts + p_dispatch.attempt))
  from email_queue_private.members(p_dispatch) as e
  where m.id = e.id and e.id = any (p_ids) and m.status is null
$$;
comment on function email_queue_private.fail_members(email_queue_private.dispatch, uuid[], text, jsonb) is 'Ends members of a dispatch as failed.';
