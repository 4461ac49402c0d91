-- Halves a dispatch of which nothing was accepted, to find the refused member, or as many members as a quota has room for. The halves
-- have new ids, so new keys. Smaller halves come first, as if they had waited longer. So the refused message is alone after seven
-- requests; otherwise a whole backlog of batches would be halved first.
create function email_queue_private.split_dispatch(p_dispatch email_queue_private.dispatch) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into email_queue_private.dispatch (id, created_at, updated_at, visible_at, send_before, bytes, priority, attempts_allowed,
    type, lane, message_ids, member_attempts, member_errors)
  select email_queue_private.new_id(), clock_timestamp(), clock_timestamp(),
    clock_timestamp() - ({{MAX_DISPATCH}} - cardinality(p_dispatch.message_ids)) * interval '1 second', min(m.send_before),
    sum(m.bytes), p_dispatch.priority, max(m.max_attempts - e.attempts - p_dispatch.attempt), p_dispatch.type, p_dispatch.lane,
    array_agg(e.id order by e.ordinal), array_agg((e.attempts + p_dispatch.attempt)::smallint order by e.ordinal),
    jsonb_object_agg(e.id, email_queue_private.append_errors(e.errors, p_dispatch.errors))
      filter (where email_queue_private.append_errors(e.errors, p_dispatch.errors) is not null)
  from email_queue_private.members(p_dispatch) as e
  join email_queue_private.message as m on m.id = e.id
  group by e.ordinal <= (cardinality(p_dispatch.message_ids) + 1) / 2
  order by min(e.ordinal)
$$;
comment on function email_queue_private.split_dispatch(email_queue_private.dispatch) is 'Forms two waiting dispatches from the halves of one.';
