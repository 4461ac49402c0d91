set standard_conforming_strings = on;

-- Claim: hand out due dispatches and form new ones.

-- Whether the sender domain of a lane is paused.
create function email_queue_private.is_paused(p_lane text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.paused_domain as p
    where p.domain = split_part(p_lane, ':', 2) and (p.paused_until is null or p.paused_until > clock_timestamp()));
end
$$;
comment on function email_queue_private.is_paused(text) is 'Whether the sender domain of a lane is paused.';

-- Whether the provider refused the sender domain of a lane when it was asked last: others of the same priority go before it.
create function email_queue_private.is_refused(p_lane text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.paused_domain as p where p.domain = split_part(p_lane, ':', 2) and p.refusals > 0);
end
$$;
comment on function email_queue_private.is_refused(text) is 'Whether the provider refused the sender domain of a lane when it was asked last.';

-- Whether the circuit breaker has closed a lane: it or its endpoint is one of p_closed.
create function email_queue_private.is_closed(p_lane text, p_closed text[]) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_lane = any (p_closed) or split_part(p_lane, ':', 1) || ':' = any (p_closed), false);
end
$$;
comment on function email_queue_private.is_closed(text, text[]) is 'Whether a lane is among closed scopes.';

-- The lanes of a type that have ready rows and are not paused: one index probe a lane (a loose index scan).
create function email_queue_private.lanes(p_type text, p_closed text[] default null) returns setof text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_lane text := '';
begin
  loop
    select r.lane into v_lane from email_queue_private.ready as r where r.type = p_type and r.lane > v_lane order by r.lane limit 1;
    exit when not found;
    continue when email_queue_private.is_paused(v_lane) or email_queue_private.is_closed(v_lane, p_closed);
    return next v_lane;
  end loop;
end
$$;
comment on function email_queue_private.lanes(text, text[]) is 'The lanes of a type with ready rows, without those of paused domains and closed scopes.';

-- The first ready row of each lane that is due, in its best priority.
create function email_queue_private.heads(p_type text, p_now timestamptz, p_closed text[] default null)
returns table (lane text, priority smallint, run_at timestamptz)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  lane := '';
  loop
    -- One search finds the next lane and its head: what claims have left in the index since the last vacuum is walked once.
    select r.lane, r.priority, r.run_at into lane, priority, run_at from email_queue_private.ready as r
    where r.type = p_type and r.lane > heads.lane order by r.lane, r.priority, r.run_at limit 1;
    exit when not found;
    continue when email_queue_private.is_paused(lane) or email_queue_private.is_closed(lane, p_closed);
    while run_at > p_now and priority < 3 loop
      select r.priority, r.run_at into priority, run_at from email_queue_private.ready as r
      where r.type = p_type and r.lane = heads.lane and r.priority > heads.priority order by r.priority, r.run_at limit 1;
      exit when not found;
    end loop;
    if run_at <= p_now then
      return next;
    end if;
  end loop;
end
$$;
comment on function email_queue_private.heads(text, timestamptz, text[]) is 'The first due row of each lane that is neither paused nor closed.';

-- Lanes of one priority take turns: the one whose last dispatch was formed longest ago comes first, so that no sender waits
-- for another's backlog, nor for the halves of a batch that was refused whole.
create function email_queue_private.last_dispatch_at(p_type text, p_lane text) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return (select d.created_at from email_queue_private.dispatch as d where d.type = p_type and d.lane = p_lane
    order by d.created_at desc limit 1);
end
$$;
comment on function email_queue_private.last_dispatch_at(text, text) is 'When the last dispatch of a lane was formed; null where none is remembered.';

-- Forms a dispatch from one lane, beginning at a place, best priority first; null where every row of it is taken by others.
-- Mail of priority 0 is not filled up with other, and ten of it make a dispatch.
create function email_queue_private.form_dispatch(
  p_type text, p_lane text, p_priority smallint, p_from timestamptz, p_from_id uuid, p_token uuid, p_lease interval,
  p_max_messages integer, p_max_bytes integer
) returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_limit integer := case when p_lane like 'single:%' then 1 when p_priority = 0 then least(10, p_max_messages) else p_max_messages end;
  v_now timestamptz := clock_timestamp();
  v_from timestamptz := p_from;
  v_from_id uuid := coalesce(p_from_id, '00000000-0000-0000-0000-000000000000');
  v_more record;
begin
  v_dispatch.message_ids := '{}';
  v_dispatch.bytes := 0;
  for v_priority in p_priority..3 loop
    with picked as materialized (
      select r.ctid as place, r.id, r.run_at, r.bytes, r.attempts, r.max_attempts, r.send_before, r.errors from email_queue_private.ready as r
      where r.type = p_type and r.lane = p_lane and r.priority = v_priority and (r.run_at, r.id) >= (v_from, v_from_id) and r.run_at <= v_now
        and (r.send_before is null or r.send_before > v_now)
      order by r.run_at, r.id limit v_limit - cardinality(v_dispatch.message_ids) for update skip locked
    ), fitting as materialized (
      -- The first message is taken whatever its size, or it would never go.
      select p.*, row_number() over w = 1 and cardinality(v_dispatch.message_ids) = 0 or v_dispatch.bytes + sum(p.bytes) over w <= p_max_bytes as fits
      from picked as p window w as (order by p.run_at, p.id)
    ), taken as (
      -- By place: a row of ready is never updated, and each look in the index would read two or three pages more.
      delete from email_queue_private.ready as r where r.ctid = any (array(select f.place from fitting as f where f.fits))
    )
    select array_agg(f.id order by f.run_at, f.id) as ids, array_agg(f.attempts order by f.run_at, f.id) as attempts,
      sum(f.bytes)::integer as bytes, min(f.send_before) as send_before, max(f.max_attempts - f.attempts) as allowed,
      jsonb_object_agg(f.id, f.errors) filter (where f.errors is not null) as errors,
      (select count(*) from fitting) as found
    into v_more from fitting as f where f.fits;
    if v_more.ids is not null then
      v_dispatch.priority := coalesce(v_dispatch.priority, v_priority);
      v_dispatch.message_ids := v_dispatch.message_ids || v_more.ids;
      v_dispatch.member_attempts := v_dispatch.member_attempts || v_more.attempts;
      v_dispatch.bytes := v_dispatch.bytes + v_more.bytes;
      v_dispatch.send_before := least(v_dispatch.send_before, v_more.send_before);
      v_dispatch.attempts_allowed := greatest(v_dispatch.attempts_allowed, v_more.allowed);
      v_dispatch.member_errors := coalesce(v_dispatch.member_errors || v_more.errors, v_dispatch.member_errors, v_more.errors);
    end if;
    exit when cardinality(v_dispatch.message_ids) >= v_limit or v_more.found > coalesce(cardinality(v_more.ids), 0)
      or v_dispatch.priority = 0;
    v_from := '-infinity';
    v_from_id := '00000000-0000-0000-0000-000000000000';
    v_limit := case when p_lane like 'single:%' then 1 else p_max_messages end;
  end loop;
  if cardinality(v_dispatch.message_ids) = 0 then
    return null;
  end if;
  insert into email_queue_private.dispatch (id, token, created_at, updated_at, visible_at, send_before, bytes, priority,
    attempts_allowed, type, lane, message_ids, member_attempts, member_errors)
  values (email_queue_private.new_id(), p_token, v_now, v_now, v_now + p_lease, v_dispatch.send_before, v_dispatch.bytes,
    v_dispatch.priority, v_dispatch.attempts_allowed, p_type, p_lane, v_dispatch.message_ids, v_dispatch.member_attempts,
    v_dispatch.member_errors)
  returning * into v_dispatch;
  return v_dispatch;
end
$$;
comment on function email_queue_private.form_dispatch(text, text, smallint, timestamptz, uuid, uuid, interval, integer, integer) is 'Forms one dispatch from the best ready messages of a lane.';

-- A waiting dispatch for the caller's token; null where another was faster.
create function email_queue_private.take_dispatch(p_id uuid, p_token uuid, p_lease interval, p_now timestamptz)
returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
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
  p_type text, p_token uuid, p_new boolean, p_lease interval, p_max_messages integer, p_max_bytes integer, p_trouble boolean, p_replays integer
) returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_head record;
  v_place record;
  v_now timestamptz;
  v_closed text[];
  v_first text[];
begin
  -- A call repeated while the first one still runs waits for it here, and finds its dispatch.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('email_queue claim ' || p_token::text, 0));
  select * into v_dispatch from email_queue_private.dispatch as d where d.token = p_token;
  if v_dispatch.id is not null or not p_new then
    return v_dispatch;
  end if;
  v_now := clock_timestamp();
  select null::smallint as priority, null::timestamptz as run_at, null::uuid as id into v_place;
  if p_trouble then
    v_closed := array(select c.scope from email_queue_private.closed_scopes(v_now, null) as c);
    v_first := email_queue_private.lanes_in_turn(array(select h.lane from email_queue_private.heads(p_type, v_now, v_closed) as h));
  end if;
  for v_head in
    select c.* from (
      select null::text as lane, d.id, d.priority, case when d.frozen then 0 else 1 + email_queue_private.is_refused(d.lane)::integer end as kind,
        case when not d.frozen then email_queue_private.last_dispatch_at(p_type, d.lane) end as last_at, d.visible_at as since, false as first
      from generate_series(0, 3) as p(priority) cross join lateral (
        select d.id, d.priority, d.visible_at, d.frozen, d.lane from email_queue_private.dispatch as d
        where d.settled_at is null and d.token is null and d.type = p_type and d.priority = p.priority
          and d.visible_at <= v_now and not email_queue_private.is_paused(d.lane)
          -- More replays than their share would still hold all places when a lane opens that is closed now.
          and case when d.frozen then p_replays > 0 or not exists (select 1 from email_queue_private.heads(p_type, v_now) as h)
            else not email_queue_private.is_closed(d.lane, v_closed) end
        order by d.visible_at, d.id limit 20
      ) as d
      union all
      select h.lane, null, h.priority, case when f.first then 1 else 1 + email_queue_private.is_refused(h.lane)::integer end, l.last_at, h.run_at, f.first
      from email_queue_private.heads(p_type, v_now, v_closed) as h cross join lateral (select coalesce(h.lane = any (v_first), false)) as f(first)
      cross join lateral (select case when not f.first then email_queue_private.last_dispatch_at(p_type, h.lane) end) as l(last_at)
    ) as c order by case when c.first then 0 else c.priority end, c.kind, c.last_at nulls first, c.lane is not null,
      case when c.first then '-infinity' else c.since end, c.lane collate "C", c.id
  loop
    if v_head.lane is null then
      v_dispatch := email_queue_private.take_dispatch(v_head.id, p_token, p_lease, v_now);
    else
      if p_trouble then
        select * into v_place from email_queue_private.place_in_turn(p_type, v_head.lane, v_now);
      end if;
      v_dispatch := email_queue_private.form_dispatch(p_type, v_head.lane, coalesce(v_place.priority, v_head.priority),
        coalesce(v_place.run_at, v_head.since), v_place.id, p_token, p_lease,
        case when p_trouble then least(p_max_messages, email_queue_private.size_of(v_head.lane)) else p_max_messages end, p_max_bytes);
      if p_trouble and v_dispatch.id is not null then
        perform email_queue_private.count_try(v_head.lane);
      end if;
    end if;
    if v_dispatch.id is not null then
      return v_dispatch;
    end if;
  end loop;
  return null;
end
$$;
comment on function email_queue_private.claim_one(text, uuid, boolean, interval, integer, integer, boolean, integer) is 'Claims one dispatch: frozen ones before others of the same priority, then lanes in turns.';

-- A claimed dispatch as the worker gets it. json: the payloads are written out once and then only copied, where jsonb is
-- taken apart and put together again by each function that it passes.
create function email_queue_private.describe_dispatch(p_dispatch email_queue_private.dispatch) returns json
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return json_build_object(
    'dispatch_id', p_dispatch.id, 'token', p_dispatch.token, 'type', p_dispatch.type, 'lane', p_dispatch.lane,
    'priority', p_dispatch.priority, 'attempt', p_dispatch.attempt, 'frozen', p_dispatch.frozen, 'begun', p_dispatch.begun,
    -- However many messages it holds: what is known of the lane's endpoint is known from there.
    'endpoint', coalesce(p_dispatch.endpoint, case when p_dispatch.type = 'email' then split_part(p_dispatch.lane, ':', 1) end), 'wire_version', p_dispatch.wire_version, 'bytes', p_dispatch.bytes,
    'messages', (
      select json_agg(json_build_object('id', u.id, 'attempts', u.attempts + p_dispatch.attempt, 'payload', b.payload) order by u.n)
      from unnest(p_dispatch.message_ids, p_dispatch.member_attempts) with ordinality as u(id, attempts, n)
      left join email_queue_private.body as b on b.id = u.id));
end
$$;
comment on function email_queue_private.describe_dispatch(email_queue_private.dispatch) is 'A dispatch with its members and their payloads, as the worker gets it.';

call email_queue_private.apply_grants();
