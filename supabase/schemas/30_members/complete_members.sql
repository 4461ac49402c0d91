create function email_queue_private.complete_members(p_dispatch email_queue_private.dispatch, p_ids uuid[]) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.message as m
  set status = 'completed', completed_at = clock_timestamp(), dispatch_id = p_dispatch.id, provider_message_id = v.provider_message_id,
    attempts = e.attempts + p_dispatch.attempt, errors = email_queue_private.append_errors(e.errors, p_dispatch.errors)
  from email_queue_private.members(p_dispatch) as e cross join lateral email_queue_private.evidence_of(e.id, case when p_dispatch.first_begun_at is not null then coalesce(p_dispatch.mark, '') end) as v
  where m.id = e.id and e.id = any (p_ids) and m.status is null
$$;
comment on function email_queue_private.complete_members(email_queue_private.dispatch, uuid[]) is 'Completes open members that have evidence.';
