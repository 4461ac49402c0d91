-- Ends members as failed. p_error (or null) is added to each one's history. Those of which the provider reported something complete: an
-- event that was recorded before is seen, and one that comes later sees the end. For that the messages are locked first, against events.
create function email_queue_private.fail_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_reason text, p_error jsonb
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform 1 from email_queue_private.message as m where m.id = any (p_ids) order by m.id for update;
  update email_queue_private.message as m
  set status = 'failed', reason = p_reason, completed_at = clock_timestamp(), dispatch_id = p_dispatch.id,
    attempts = least(e.attempts + p_dispatch.attempt, m.max_attempts),
    mark = case when p_dispatch.type = 'email' and (p_reason = 'unknown_outcome' or p_dispatch.frozen) then coalesce(p_dispatch.mark, '') else m.mark end,
    errors = email_queue_private.append_errors(email_queue_private.append_errors(e.errors, p_dispatch.errors),
      email_queue_private.stamp_error(p_error, e.attempts + p_dispatch.attempt))
  from email_queue_private.members(p_dispatch) as e
  where m.id = e.id and e.id = any (p_ids) and m.status is null;
  perform email_queue_private.complete_by_evidence(p_ids);
end
$$;
comment on function email_queue_private.fail_members(email_queue_private.dispatch, uuid[], text, jsonb) is 'Ends members of a dispatch as failed, or as completed where there is evidence.';
