-- Puts members back into ready, without the hashes of their recipients: to find these the payload is read, and a claim may not need them. With p_delay_ms null they keep their place. p_alone makes each go by itself.
create function email_queue_private.return_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_error jsonb, p_delay_ms bigint, p_alone boolean
) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, attempts, max_attempts, redriven, type, lane, errors,
    topic, ignore_suppression)
  select m.id, case when p_delay_ms is null then m.run_at else clock_timestamp() + p_delay_ms * interval '1 millisecond' end,
    clock_timestamp(), m.send_before, m.bytes, m.priority, e.attempts + p_dispatch.attempt, m.max_attempts, m.mark is not null, m.type,
    case when p_alone then 'single:' || substr(p_dispatch.lane, strpos(p_dispatch.lane, ':') + 1) else p_dispatch.lane end,
    email_queue_private.append_errors(email_queue_private.append_errors(e.errors, p_dispatch.errors),
      email_queue_private.stamp_error(p_error, e.attempts + p_dispatch.attempt)),
    m.topic, m.ignore_suppression
  from email_queue_private.members(p_dispatch) as e
  join email_queue_private.message as m on m.id = e.id
  where e.id = any (p_ids) and m.status is null
$$;
comment on function email_queue_private.return_members(email_queue_private.dispatch, uuid[], jsonb, bigint, boolean) is 'Puts members of a dispatch back into ready.';
