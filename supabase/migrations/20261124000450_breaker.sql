set standard_conforming_strings = on;

-- The circuit breaker: how many first requests a lane, and its endpoint, may have open while answers are missing. A scope is
-- a lane (batch:example.com) or an endpoint (batch:); one without a row sends freely. Whatever reads a row in order to act
-- on it holds the budget's lock alone, until the end of its transaction: begins and claims in trouble take turns.

create table email_queue_private.breaker (
  scope text collate "C" constraint breaker_pkey primary key,
  next_at timestamptz,
  tries bigint not null default 0,
  streak integer not null default 0,
  wait_ms integer not null default 0,
  requests smallint not null default 64,
  size smallint not null default 100,
  constraint breaker_requests_in_range check (requests between 1 and 64),
  constraint breaker_size_in_range check (size between 1 and 100)
) with (fillfactor = 10);
comment on table email_queue_private.breaker is 'The circuit breaker: lanes and endpoints whose requests got no answer lately. Without a row nothing stands in the way.';
comment on column email_queue_private.breaker.scope is 'A lane, as in batch:example.com, or an endpoint, as in batch:.';
comment on column email_queue_private.breaker.next_at is 'With three in a row: no first request begins before this time.';
comment on column email_queue_private.breaker.tries is 'Fresh dispatches formed meanwhile; every second one comes from another place than the head.';
comment on column email_queue_private.breaker.streak is 'First requests without an answer in a row.';
comment on column email_queue_private.breaker.wait_ms is 'The last wait; the next is twice as long, up to five minutes.';
comment on column email_queue_private.breaker.requests is 'First requests that may be open at a time.';
comment on column email_queue_private.breaker.size is 'Messages in a dispatch.';
alter table email_queue_private.breaker enable row level security;

create function email_queue_private.endpoint_of(p_lane text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select split_part(p_lane, ':', 1) || ':'
$$;
comment on function email_queue_private.endpoint_of(text) is 'The scope of a lane''s endpoint.';

create function email_queue_private.in_trouble() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.breaker);
end
$$;
comment on function email_queue_private.in_trouble() is 'Whether any lane or endpoint got no answer lately.';

-- The scopes of which no first request may begin now, and when that changes. p_beginning: a dispatch that is about to begin
-- looks at what has begun; for a claim (null) what is claimed and has not begun counts too.
create function email_queue_private.closed_scopes(p_now timestamptz, p_beginning uuid) returns table (scope text, opens_at timestamptz)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with w as materialized (
    select b.scope, b.requests, b.streak >= 3 as waits, b.scope like '%:' as general,
      -- Endpoints that wait share one probe.
      case when b.scope like '%:' and b.streak >= 3 then max(b.next_at) filter (where b.scope like '%:' and b.streak >= 3) over ()
        else b.next_at end as next_at
    from email_queue_private.breaker as b
  ), held as materialized (
    select d.lane, email_queue_private.endpoint_of(d.lane) as endpoint, count(*) as n
    from email_queue_private.dispatch as d
    where d.token is not null and d.type = 'email' and not d.frozen and (p_beginning is null or d.begun and d.id <> p_beginning)
    group by d.lane
  )
  select c.scope, c.opens_at from (
    select w.scope, case
      when w.next_at > p_now then w.next_at
      when w.requests <= (
        select coalesce(sum(h.n), 0) from held as h
        where h.lane = w.scope
          -- The probe of an ailing domain is in nobody's way, as long as others are answered.
          or h.endpoint = w.scope and (w.waits or not exists (select 1 from w as l where l.scope = h.lane and l.waits))
          or w.general and w.waits and exists (select 1 from w as e where e.scope = h.endpoint and e.waits)
      ) then p_now + interval '1 second' end as opens_at
    from w) as c
  where c.opens_at is not null
$$;
comment on function email_queue_private.closed_scopes(timestamptz, uuid) is 'Lanes and endpoints of which nothing fresh may begin now.';

create function email_queue_private.unavailable(p_opens_at timestamptz, p_now timestamptz) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when p_opens_at is not null then jsonb_build_object('state', 'unavailable',
    'reason', 'the provider did not answer: one request at a time probes it',
    'retry_after_ms', ceil(extract(epoch from p_opens_at - p_now) * 1000)) end
$$;
comment on function email_queue_private.unavailable(timestamptz, timestamptz) is 'The obstacle of a closed scope; null where none is closed.';

-- What keeps a dispatch from its first begin. p_alone: the caller has the budget's lock alone.
create function email_queue_private.closed(p_dispatch email_queue_private.dispatch, p_alone boolean, p_now timestamptz) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_dispatch.frozen or p_dispatch.type <> 'email' or not email_queue_private.in_trouble() then
    return null;
  end if;
  if not p_alone then
    -- Trouble came while the shared lock was waited for.
    return email_queue_private.unavailable(p_now + interval '100 milliseconds', p_now);
  end if;
  return (select email_queue_private.unavailable(max(c.opens_at), p_now) from email_queue_private.closed_scopes(p_now, p_dispatch.id) as c
    where c.scope in (p_dispatch.lane, email_queue_private.endpoint_of(p_dispatch.lane)));
end
$$;
comment on function email_queue_private.closed(email_queue_private.dispatch, boolean, timestamptz) is 'What the circuit breaker has against a begin; null where it has nothing.';

-- One of 0 to p_count - 1, spread evenly over the tries: not at random, so that the queue in memory chooses the same.
create function email_queue_private.spread(p_number bigint, p_ratio double precision, p_count bigint) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select floor((p_number * p_ratio - floor(p_number * p_ratio)) * p_count)::integer
$$;
comment on function email_queue_private.spread(bigint, double precision, bigint) is 'Chooses one of several for a try.';

-- With fewer requests than eight the head of the queue may be what gets no answer. Every second fresh dispatch then comes
-- from elsewhere, so that poison at the head does not hold the door: from another lane, where the endpoint is in trouble,
-- and within the lane of another priority and place.
create function email_queue_private.lanes_in_turn(p_lanes text[]) returns text[]
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select array_agg(l.lane) from email_queue_private.breaker as b
  cross join lateral (
    select o.lane, row_number() over (order by o.lane collate "C") - 1 as place, count(*) over () as lanes
    from unnest(p_lanes) as o(lane) where email_queue_private.endpoint_of(o.lane) = b.scope) as l
  where b.scope like '%:' and b.requests < 8 and b.tries % 2 = 0 and l.place = email_queue_private.spread(b.tries + 1, 0.6180339887, l.lanes)
$$;
comment on function email_queue_private.lanes_in_turn(text[]) is 'Of lanes with due mail, the one that comes first for each endpoint in trouble, where it is its turn.';

create function email_queue_private.place_in_turn(p_type text, p_lane text, p_now timestamptz, out priority smallint, out run_at timestamptz, out id uuid)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_number bigint;
  v_due record;
begin
  select case when b.tries % 2 = 0 then b.tries + 1 end into v_number from email_queue_private.breaker as b
  where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane)) and b.requests < 8 order by b.scope like '%:' limit 1;
  if v_number is null then
    return;
  end if;
  select array_agg(p.n order by p.n) as priorities, array_agg(c.rows order by p.n) as rows into v_due
  from generate_series(0, 3) as p(n) cross join lateral (
    select count(*) as rows from (
      select 1 from email_queue_private.ready as r
      where r.type = p_type and r.lane = p_lane and r.priority = p.n and r.run_at <= p_now limit 1000) as due) as c
  where c.rows > 0;
  select r.priority, r.run_at, r.id into priority, run_at, id from (
    select email_queue_private.spread(v_number, 0.4142135624, cardinality(v_due.priorities)) + 1 as n) as t
  cross join lateral (
    select r.priority, r.run_at, r.id from email_queue_private.ready as r
    where r.type = p_type and r.lane = p_lane and r.priority = v_due.priorities[t.n] and r.run_at <= p_now
    order by r.run_at, r.id offset email_queue_private.spread(v_number, 0.7320508076, v_due.rows[t.n]) limit 1) as r;
end
$$;
comment on function email_queue_private.place_in_turn(text, text, timestamptz) is 'Where the next dispatch of a lane in trouble begins; null: at its head.';

create function email_queue_private.size_of(p_lane text) returns integer
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce(min(b.size), 100)::integer from email_queue_private.breaker as b where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane))
$$;
comment on function email_queue_private.size_of(text) is 'Messages in the next dispatch of a lane.';

create function email_queue_private.count_try(p_lane text) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.breaker as b set tries = b.tries + 1 where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane))
$$;
comment on function email_queue_private.count_try(text) is 'Counts a fresh dispatch of a lane, where it or its endpoint is in trouble.';

-- What an answer, or its absence, says about the lane and the endpoint of a dispatch. Only a first request counts.
create function email_queue_private.judge(p_dispatch email_queue_private.dispatch, p_answered boolean) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_endpoint text := email_queue_private.endpoint_of(p_dispatch.lane);
  v_scope text;
  v_general boolean;
  v_waited text[];
begin
  if p_answered is null or not p_dispatch.begun or p_dispatch.type <> 'email'
    or p_answered and not email_queue_private.in_trouble() or not p_answered and p_dispatch.frozen
  then
    return;
  end if;
  perform email_queue_private.lock_budget();
  if p_answered and p_dispatch.frozen then
    -- The key was known: that says little about a fresh one, which may try at once.
    update email_queue_private.breaker as b set wait_ms = 0, next_at = least(b.next_at, v_now)
    where b.scope in (p_dispatch.lane, v_endpoint) and b.next_at is not null;
    return;
  elsif p_answered then
    -- What froze while a scope got no answers does not wait out a backoff that grew meanwhile.
    v_waited := array(select b.scope from email_queue_private.breaker as b where b.scope in (p_dispatch.lane, v_endpoint) and b.streak >= 3);
    update email_queue_private.dispatch as d set visible_at = v_now + interval '5 minutes'
    where cardinality(v_waited) > 0 and d.id in (
      select w.id from email_queue_private.dispatch as w
      where w.settled_at is null and w.token is null and w.type = 'email' and w.frozen and w.visible_at > v_now + interval '5 minutes'
        and (w.lane = any (v_waited) or email_queue_private.endpoint_of(w.lane) = any (v_waited))
      for update skip locked);
    delete from email_queue_private.breaker as b where b.scope in (p_dispatch.lane, v_endpoint) and b.requests >= 32 and b.size >= 50;
    update email_queue_private.breaker as b
    set streak = 0, wait_ms = 0, next_at = null, requests = least(64, b.requests * 2), size = least(100, b.size * 2)
    where b.scope in (p_dispatch.lane, v_endpoint);
    return;
  end if;
  -- An ailing domain says nothing about the others, as long as any of them is answered.
  select coalesce(bool_and(b.scope <> p_dispatch.lane), true)
    or bool_or(b.scope = v_endpoint) and bool_or(b.scope <> p_dispatch.lane and b.scope not like '%:')
  into v_general from email_queue_private.breaker as b where b.streak >= 3;
  foreach v_scope in array case when v_general then array[p_dispatch.lane, v_endpoint] else array[p_dispatch.lane] end loop
    insert into email_queue_private.breaker (scope) values (v_scope) on conflict do nothing;
    update email_queue_private.breaker as b
    set streak = b.streak + 1,
      requests = case when b.streak >= 2 then 1 else greatest(1, b.requests / 2) end,
      -- One answer lost at random does not make every dispatch after it smaller.
      size = case when b.streak >= 2 then 1 when b.streak = 0 and b.size = 100 then 100 else greatest(1, b.size / 2) end,
      wait_ms = case when b.streak >= 2 then w.ms else b.wait_ms end,
      next_at = case when b.streak >= 2 then v_now + w.ms * interval '1 millisecond' else b.next_at end
    from (
      select least(300000, greatest(1000, 2 * max(o.wait_ms))) as ms from email_queue_private.breaker as o
      where o.scope = v_scope or v_scope like '%:' and o.scope like '%:' and o.streak >= 3) as w
    -- What was under way when the row was full says nothing new.
    where b.scope = v_scope and (b.streak < 3 or b.next_at is null or p_dispatch.first_begun_at >= b.next_at);
    -- An endpoint that stops is a reason to ask the others with care: one request at a time, and one more without an answer
    -- makes them wait too.
    insert into email_queue_private.breaker (scope, streak, requests)
    select o.scope, 2, 1 from unnest(array['batch:', 'single:']) as o(scope)
    where found and v_scope like '%:' and o.scope <> v_scope
      and (select b.streak from email_queue_private.breaker as b where b.scope = v_scope) = 3
    on conflict (scope) do update set streak = 2, requests = 1 where breaker.streak < 3;
  end loop;
end
$$;
comment on function email_queue_private.judge(email_queue_private.dispatch, boolean) is 'Opens, widens and narrows the circuit breaker.';

call email_queue_private.apply_grants();
