-- Claim: sweep what ran out, then hand out due dispatches and form new ones.

-- One dispatch whose lease ran out.
--   begun: an e-mail may have been sent, so it is frozen and waits for its replay; a custom consumer's message is tried again.
--   not begun: taken over whole once; the second time its members come back one to a dispatch, and a single pays an attempt.
create function email_queue_private.recover_dispatch(p_dispatch email_queue_private.dispatch) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_setting email_queue_private.setting;
  v_used integer;
begin
  -- last_token stays as it is: nothing was settled, and the worker that lost this lease must be told so.
  update email_queue_private.dispatch as d
  set token = null, begun = false, frozen = d.frozen or d.begun and d.type = 'email', updated_at = clock_timestamp(),
    expired_unbegun = d.expired_unbegun + (not d.begun)::integer,
    errors = case when d.begun then email_queue_private.append_errors(d.errors, email_queue_private.stamp_error(
      '{"class": "unknown", "message": "The worker''s lease ran out after begin."}', d.attempt)) else d.errors end
  where d.id = p_dispatch.id
  returning d.* into v_dispatch;
  if v_dispatch.frozen then
    if p_dispatch.begun and v_dispatch.attempt >= v_dispatch.attempts_allowed then
      perform email_queue_private.abandon_dispatch(v_dispatch, null);
    end if;
  elsif p_dispatch.begun then
    perform email_queue_private.retry_members(v_dispatch, v_dispatch.message_ids, null, 0);
    perform email_queue_private.close_dispatch(v_dispatch.id);
  elsif cardinality(v_dispatch.message_ids) > 1 and v_dispatch.expired_unbegun > 1 then
    -- The error makes each a suspect, to be claimed without others.
    perform email_queue_private.return_members(v_dispatch, v_dispatch.message_ids,
      '{"class": "crash", "message": "The worker''s lease ran out before begin, twice."}', null, true);
    perform email_queue_private.close_dispatch(v_dispatch.id);
  elsif v_dispatch.expired_unbegun > 1 then
    select * into v_setting from email_queue_private.setting;
    v_dispatch.attempt := v_dispatch.attempt + 1;
    v_used := least(v_dispatch.member_attempts[1] + v_dispatch.attempt, 16);
    perform email_queue_private.retry_members(v_dispatch, v_dispatch.message_ids,
      '{"class": "crash", "message": "The worker''s lease ran out before begin."}',
      least(v_setting.retry_base_ms * power(2, v_used - 1), v_setting.retry_cap_ms)::bigint);
    perform email_queue_private.close_dispatch(v_dispatch.id);
  end if;
end
$$;
comment on function email_queue_private.recover_dispatch(email_queue_private.dispatch) is 'Decides what becomes of a dispatch whose lease ran out.';

-- Bounded, and also done while the queue is paused. The time is taken once: an index is searched only for a value that
-- stays, and with clock_timestamp() in the condition every row that is not due would be read.
-- lock_timeout: skip locked waits all the same where a row was updated a moment ago and its new version is locked, and two
-- calls that wait like this, each holding what it settles, would wait for each other.
create function email_queue_private.sweep() returns void
language plpgsql volatile set search_path = '' set lock_timeout = '100ms'
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_now timestamptz := clock_timestamp();
begin
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where d.token is not null and d.visible_at <= v_now
    order by d.visible_at limit 20 for update skip locked
  loop
    perform email_queue_private.recover_dispatch(v_dispatch);
  end loop;
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where d.frozen and d.token is null and d.horizon_at <= v_now
    order by d.horizon_at limit 20 for update skip locked
  loop
    perform email_queue_private.abandon_dispatch(v_dispatch,
      '{"class": "unknown", "message": "The horizon passed without a definite answer."}');
  end loop;
  with late as materialized (
    select r.id, r.attempts, r.errors from email_queue_private.ready as r
    where r.send_before <= v_now
    order by r.send_before limit 500 for update skip locked
  ), gone as (
    delete from email_queue_private.ready as r using late as l where r.id = l.id
  )
  update email_queue_private.message as m
  set status = 'failed', reason = 'expired', completed_at = clock_timestamp(), attempts = l.attempts, errors = l.errors
  from late as l where m.id = l.id;
  delete from email_queue_private.dispatch
  where id = any (array(
    select d.id from email_queue_private.dispatch as d
    where d.settled_at < v_now - interval '1 day'
    order by d.settled_at limit 20 for update skip locked));
exception when lock_not_available then
  null; -- Another call has them in hand.
end
$$;
comment on function email_queue_private.sweep() is 'Recovers expired leases, ends frozen dispatches past their horizon and messages past their send_before, prunes settled dispatches; a bounded number of each.';

-- The lanes of a type that have ready rows and are not paused: one index probe a lane (a loose index scan).
create function email_queue_private.lanes(p_type text) returns setof text
language sql stable set search_path = ''
as $$
  with recursive walk(lane) as (
    (select r.lane from email_queue_private.ready as r where r.type = p_type order by r.lane limit 1)
    union all
    select (select r.lane from email_queue_private.ready as r where r.type = p_type and r.lane > w.lane order by r.lane limit 1)
    from walk as w where w.lane is not null
  )
  select w.lane from walk as w
  where w.lane is not null and not exists (
    select 1 from email_queue_private.paused_domain as p
    where p.domain = split_part(w.lane, ':', 2) and (p.paused_until is null or p.paused_until > clock_timestamp()))
$$;
comment on function email_queue_private.lanes(text) is 'The lanes of a type with ready rows, without those of paused domains.';

-- Forms a dispatch from one lane, best priority first; null where every row of it is taken by others.
create function email_queue_private.form_dispatch(
  p_type text, p_lane text, p_token uuid, p_lease interval, p_max_messages integer, p_max_bytes integer
) returns email_queue_private.dispatch
language plpgsql volatile set search_path = ''
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_limit integer := case when p_lane like 'single:%' then 1 else p_max_messages end;
  v_rows email_queue_private.ready[] := array[]::email_queue_private.ready[];
  v_more email_queue_private.ready[];
  v_read integer;
  v_now timestamptz := clock_timestamp();
  v_bytes integer := 0;
begin
  for v_priority in 0..3 loop
    with picked as materialized (
      select r as entry, r.ctid as place, r.id, r.run_at, r.bytes from email_queue_private.ready as r
      where r.type = p_type and r.lane = p_lane and r.priority = v_priority and r.run_at <= v_now
        and (r.send_before is null or r.send_before > v_now)
      order by r.run_at, r.id limit v_limit - cardinality(v_rows) for update skip locked
    ), fitting as materialized (
      -- The first message is taken whatever its size, or it would never go.
      select p.*, row_number() over w = 1 and cardinality(v_rows) = 0 or v_bytes + sum(p.bytes) over w <= p_max_bytes as fits
      from picked as p window w as (order by p.run_at, p.id)
    ), taken as (
      -- By place: a row of ready is never updated, and each look in the index would read two or three pages more.
      delete from email_queue_private.ready as r where r.ctid = any (array(select f.place from fitting as f where f.fits))
    )
    select array_agg(f.entry order by f.run_at, f.id) filter (where f.fits), count(*), v_bytes + coalesce(sum(f.bytes) filter (where f.fits), 0)
    into v_more, v_read, v_bytes from fitting as f;
    v_rows := v_rows || coalesce(v_more, '{}');
    exit when cardinality(v_rows) >= v_limit or v_read > coalesce(cardinality(v_more), 0);
  end loop;
  if cardinality(v_rows) = 0 then
    return null;
  end if;

  select array_agg(r.id order by r.priority, r.run_at, r.id), array_agg(r.attempts order by r.priority, r.run_at, r.id),
    min(r.priority), sum(r.bytes), min(r.send_before), max(r.max_attempts - r.attempts),
    jsonb_object_agg(r.id, r.errors) filter (where r.errors is not null)
  into v_dispatch.message_ids, v_dispatch.member_attempts, v_dispatch.priority, v_dispatch.bytes, v_dispatch.send_before,
    v_dispatch.attempts_allowed, v_dispatch.member_errors
  from unnest(v_rows) as r;
  insert into email_queue_private.dispatch (id, token, created_at, updated_at, visible_at, send_before, bytes, priority,
    attempts_allowed, type, lane, message_ids, member_attempts, member_errors)
  values (email_queue_private.new_id(), p_token, v_now, v_now, v_now + p_lease, v_dispatch.send_before, v_dispatch.bytes,
    v_dispatch.priority, v_dispatch.attempts_allowed, p_type, p_lane, v_dispatch.message_ids, v_dispatch.member_attempts,
    v_dispatch.member_errors)
  returning * into v_dispatch;
  return v_dispatch;
end
$$;
comment on function email_queue_private.form_dispatch(text, text, uuid, interval, integer, integer) is 'Forms one dispatch from the best ready messages of a lane.';

-- A waiting dispatch for the caller's token; null where another was faster.
create function email_queue_private.take_dispatch(p_id uuid, p_token uuid, p_lease interval, p_now timestamptz)
returns email_queue_private.dispatch
language plpgsql volatile set search_path = '' set lock_timeout = '100ms'
as $$
declare
  v_dispatch email_queue_private.dispatch;
begin
  update email_queue_private.dispatch as d
  set token = p_token, begun = false, visible_at = clock_timestamp() + p_lease, updated_at = clock_timestamp()
  where d.id = (
    select w.id from email_queue_private.dispatch as w
    where w.id = p_id and w.settled_at is null and w.token is null and w.visible_at <= p_now for update skip locked)
  returning d.* into v_dispatch;
  return v_dispatch;
exception when lock_not_available then
  return null; -- As in sweep.
end
$$;
comment on function email_queue_private.take_dispatch(uuid, uuid, interval, timestamptz) is 'Claims a waiting dispatch.';

-- One dispatch under the caller's token: the one that the token already has or, where p_new allows, a due or a new one.
create function email_queue_private.claim_one(
  p_type text, p_token uuid, p_new boolean, p_lease interval, p_max_messages integer, p_max_bytes integer
) returns email_queue_private.dispatch
language plpgsql volatile set search_path = ''
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_head record;
  v_now timestamptz;
begin
  -- A call repeated while the first one still runs waits for it here, and finds its dispatch.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('email_queue claim ' || p_token::text, 0));
  select * into v_dispatch from email_queue_private.dispatch as d where d.token = p_token;
  if v_dispatch.id is not null or not p_new then
    return v_dispatch;
  end if;
  v_now := clock_timestamp();
  for v_head in
    with lane as materialized (
      select l.lane from email_queue_private.lanes(p_type) as l(lane)
    ), head as materialized (
      select l.lane, p.priority, h.run_at, h.id
      from lane as l cross join generate_series(0, 3) as p(priority) cross join lateral (
        select r.run_at, r.id from email_queue_private.ready as r
        where r.type = p_type and r.lane = l.lane and r.priority = p.priority and r.run_at <= v_now
        order by r.run_at, r.id limit 1
      ) as h
    ), due as materialized (
      select d.id, d.priority, d.visible_at
      from generate_series(0, 3) as p(priority) cross join lateral (
        select d.id, d.priority, d.visible_at from email_queue_private.dispatch as d
        where d.settled_at is null and d.token is null and d.type = p_type and d.priority = p.priority
          and d.visible_at <= v_now and not exists (
            select 1 from email_queue_private.paused_domain as s
            where s.domain = split_part(d.lane, ':', 2) and (s.paused_until is null or s.paused_until > clock_timestamp()))
        order by d.visible_at, d.id limit 20
      ) as d
    )
    select c.* from (
      select null::text as lane, d.id, d.priority::integer as priority, 0 as kind, d.visible_at as since from due as d
      union all
      select h.lane, null, h.priority, 1, h.run_at from head as h
    ) as c order by c.priority, c.kind, c.since
  loop
    if v_head.lane is null then
      v_dispatch := email_queue_private.take_dispatch(v_head.id, p_token, p_lease, v_now);
    else
      v_dispatch := email_queue_private.form_dispatch(p_type, v_head.lane, p_token, p_lease, p_max_messages, p_max_bytes);
    end if;
    if v_dispatch.id is not null then
      return v_dispatch;
    end if;
  end loop;
  return null;
end
$$;
comment on function email_queue_private.claim_one(text, uuid, boolean, interval, integer, integer) is 'Claims one dispatch: due ones before ready messages of the same priority.';

-- A claimed dispatch as the worker gets it.
create function email_queue_private.describe_dispatch(p_dispatch email_queue_private.dispatch) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'dispatch_id', p_dispatch.id, 'token', p_dispatch.token, 'type', p_dispatch.type, 'lane', p_dispatch.lane,
    'priority', p_dispatch.priority, 'attempt', p_dispatch.attempt, 'frozen', p_dispatch.frozen, 'begun', p_dispatch.begun,
    'endpoint', p_dispatch.endpoint, 'wire_version', p_dispatch.wire_version, 'bytes', p_dispatch.bytes,
    'messages', (
      select jsonb_agg(jsonb_build_object('id', e.id, 'attempts', e.attempts + p_dispatch.attempt, 'payload', b.payload) order by e.ordinal)
      from email_queue_private.members(p_dispatch) as e left join email_queue_private.body as b on b.id = e.id))
$$;
comment on function email_queue_private.describe_dispatch(email_queue_private.dispatch) is 'A dispatch with its members and their payloads, as the worker gets it.';

call email_queue_private.apply_grants();
