set standard_conforming_strings = on;

-- What becomes of a dispatch's members. Lock order everywhere: dispatch, ready, message, then budget.

-- The last ten of two lists of errors; null where there are none.
create function email_queue_private.append_errors(p_errors jsonb, p_more jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when e.total > 0 then (
    select jsonb_agg(a.value order by a.n)
    from jsonb_array_elements(e.list) with ordinality as a(value, n) where a.n > e.total - 10)
  end
  from (select l.list, jsonb_array_length(l.list) as total
    from (select coalesce(nullif(p_errors, 'null'::jsonb), '[]'::jsonb) || coalesce(nullif(p_more, 'null'::jsonb), '[]'::jsonb) as list) as l) as e
$$;
comment on function email_queue_private.append_errors(jsonb, jsonb) is 'Joins two lists of errors and keeps the last ten.';

-- An error as it is stored: the worker's object with the time of the database.
create function email_queue_private.stamp_error(p_error jsonb, p_attempt integer) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when jsonb_typeof(p_error) = 'object'
    then jsonb_build_array(p_error || jsonb_build_object('at', clock_timestamp(), 'attempt', p_attempt)) end
$$;
comment on function email_queue_private.stamp_error(jsonb, integer) is 'A list of one error with its time and attempt; null where there is none.';

-- Members as rows: what each had before this dispatch.
create function email_queue_private.members(p_dispatch email_queue_private.dispatch)
returns table (id uuid, attempts smallint, errors jsonb, ordinal bigint)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select u.id, u.attempts, p_dispatch.member_errors -> u.id::text, u.n
  from unnest(p_dispatch.message_ids, p_dispatch.member_attempts) with ordinality as u(id, attempts, n)
$$;
comment on function email_queue_private.members(email_queue_private.dispatch) is 'The members of a dispatch in their order, with attempts and errors from before it.';

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

-- Puts members back into ready. p_delay_ms null keeps the place they had. p_alone makes each travel by itself.
create function email_queue_private.return_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_error jsonb, p_delay_ms bigint, p_alone boolean
) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, attempts, max_attempts, type, lane, errors)
  select m.id, case when p_delay_ms is null then m.run_at else clock_timestamp() + p_delay_ms * interval '1 millisecond' end,
    clock_timestamp(), m.send_before, m.bytes, m.priority, e.attempts + p_dispatch.attempt, m.max_attempts, m.type,
    case when p_alone then 'single:' || split_part(p_dispatch.lane, ':', 2) else p_dispatch.lane end,
    email_queue_private.append_errors(email_queue_private.append_errors(e.errors, p_dispatch.errors),
      email_queue_private.stamp_error(p_error, e.attempts + p_dispatch.attempt))
  from email_queue_private.members(p_dispatch) as e
  join email_queue_private.message as m on m.id = e.id
  where e.id = any (p_ids) and m.status is null
$$;
comment on function email_queue_private.return_members(email_queue_private.dispatch, uuid[], jsonb, bigint, boolean) is 'Puts members of a dispatch back into ready.';

-- Retries members: those that have used up their attempts fail as exhausted, the others wait, one to a dispatch from
-- now on: what was refused as a whole for an unknown reason must not cost the good members all their attempts.
create function email_queue_private.retry_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_error jsonb, p_delay_ms bigint
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_exhausted uuid[];
begin
  select coalesce(array_agg(e.id), '{}') into v_exhausted
  from email_queue_private.members(p_dispatch) as e join email_queue_private.message as m on m.id = e.id
  where e.id = any (p_ids) and e.attempts + p_dispatch.attempt >= m.max_attempts;
  if cardinality(v_exhausted) > 0 then
    perform email_queue_private.fail_members(p_dispatch, v_exhausted, 'exhausted', p_error);
  end if;
  perform email_queue_private.return_members(p_dispatch,
    (select array_agg(u.id) from unnest(p_ids) as u(id) where u.id <> all (v_exhausted)), p_error, p_delay_ms, true);
end
$$;
comment on function email_queue_private.retry_members(email_queue_private.dispatch, uuid[], jsonb, bigint) is 'Puts members back with a delay, or fails them as exhausted.';

-- Takes members out of an open dispatch that goes on with the rest.
create function email_queue_private.drop_members(p_dispatch email_queue_private.dispatch, p_ids uuid[]) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.dispatch as d
  set updated_at = clock_timestamp(), bytes = rest.bytes, send_before = rest.send_before, attempts_allowed = rest.allowed,
    message_ids = rest.ids, member_attempts = rest.attempts
  from (
    select array_agg(e.id order by e.ordinal) as ids, array_agg(e.attempts order by e.ordinal) as attempts,
      sum(m.bytes)::integer as bytes, min(m.send_before) as send_before,
      max(m.max_attempts - e.attempts)::smallint as allowed
    from email_queue_private.members(p_dispatch) as e
    join email_queue_private.message as m on m.id = e.id
    where e.id <> all (p_ids)
  ) as rest
  where d.id = p_dispatch.id
$$;
comment on function email_queue_private.drop_members(email_queue_private.dispatch, uuid[]) is 'Takes members out of a dispatch that keeps others.';

-- Ends a dispatch. The row stays a while, so that a repeated settle is told "already"; its members are in the messages.
create function email_queue_private.close_dispatch(p_id uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update email_queue_private.dispatch
  set settled_at = clock_timestamp(), updated_at = clock_timestamp(), last_token = coalesce(token, last_token), token = null,
    visible_at = null, begun = false, frozen = false, message_ids = '{}', member_attempts = '{}', member_errors = null, errors = null
  where id = p_id;
end
$$;
comment on function email_queue_private.close_dispatch(uuid) is 'Marks a dispatch as settled.';

-- Gives up a dispatch that may have been sent.
create function email_queue_private.abandon_dispatch(p_dispatch email_queue_private.dispatch, p_error jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.fail_members(p_dispatch, p_dispatch.message_ids, 'unknown_outcome', p_error);
  perform email_queue_private.close_dispatch(p_dispatch.id);
end
$$;
comment on function email_queue_private.abandon_dispatch(email_queue_private.dispatch, jsonb) is 'Fails all members as unknown_outcome and ends the dispatch.';

call email_queue_private.apply_grants();
