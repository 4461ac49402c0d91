set standard_conforming_strings = on;

-- The worker's calls. email_queue_work carries any number of settles, begins and claims in one request; the others are
-- the same steps one by one. All answer one jsonb value; expected outcomes are values, not errors.

-- When the next message or dispatch of a type can be claimed, in milliseconds from now (0: now); null where nothing waits.
create function email_queue_private.next_due_ms(p_type text, p_closed text[]) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when t.due is not null then greatest(0, ceil(extract(epoch from t.due - clock_timestamp()) * 1000))::bigint end
  from (select least(
    (select min(h.run_at)
      from email_queue_private.lanes(p_type, p_closed) as l(lane) cross join generate_series(0, 3) as p(priority) cross join lateral (
        select r.run_at from email_queue_private.ready as r
        where r.type = p_type and r.lane = l.lane and r.priority = p.priority order by r.run_at limit 1) as h),
    (select min(d.visible_at) from email_queue_private.dispatch as d
      where d.token is null and d.settled_at is null and d.type = p_type and not email_queue_private.is_paused(d.lane)
        and (d.frozen or not email_queue_private.is_closed(d.lane, p_closed)))
  ) as due) as t
$$;
comment on function email_queue_private.next_due_ms(text, text[]) is 'Milliseconds until something of a type can be claimed; null where nothing waits.';

-- Messages that could be claimed now and are not, counted up to 10,000. (select clock_timestamp()) is one value, which an
-- index can be searched for.
create function email_queue_private.remaining(p_type text) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select least(10000, coalesce((
      select sum(c.n) from email_queue_private.lanes(p_type) as l(lane) cross join generate_series(0, 3) as p(priority) cross join lateral (
        select count(*) as n from (
          select 1 from email_queue_private.ready as r
          where r.type = p_type and r.lane = l.lane and r.priority = p.priority and r.run_at <= (select clock_timestamp()) limit 10000) as due) as c), 0)
    + coalesce((select sum(cardinality(d.message_ids)) from email_queue_private.dispatch as d
      where d.token is null and d.settled_at is null and d.type = p_type and d.visible_at <= (select clock_timestamp()) and not email_queue_private.is_paused(d.lane)), 0))::bigint
$$;
comment on function email_queue_private.remaining(text) is 'Messages of a type that are due and not claimed, up to 10,000.';

-- What a worker held, and had not begun, when its lease ran out may be what ended it. It is handed out without others, so
-- that those do not pay for it each time.
create function email_queue_private.is_suspect(p_dispatch email_queue_private.dispatch) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return p_dispatch.expired_unbegun > 0
    or p_dispatch.member_errors is not null and jsonb_path_exists(p_dispatch.member_errors, '$.*[*] ? (@.class == "crash")');
end
$$;
comment on function email_queue_private.is_suspect(email_queue_private.dispatch) is 'Whether a dispatch, or a member of it, may have ended a worker before.';

-- What keeps lanes with due mail from being claimed from; null where no lane is kept.
create function email_queue_private.closed_lanes(p_type text, p_now timestamptz) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with closed as materialized (select c.scope, c.opens_at from email_queue_private.closed_scopes(p_now, null) as c)
  select email_queue_private.unavailable(min(k.opens_at), p_now) from (
    select h.lane from email_queue_private.heads(p_type, p_now) as h
    union
    select d.lane from email_queue_private.dispatch as d
    where d.token is null and d.settled_at is null and d.type = p_type and d.visible_at <= p_now and not d.frozen
      and not email_queue_private.is_paused(d.lane)
  ) as due cross join lateral (
    select max(c.opens_at) as opens_at from closed as c where c.scope in (due.lane, email_queue_private.endpoint_of(due.lane))) as k
$$;
comment on function email_queue_private.closed_lanes(text, timestamptz) is 'The obstacle of a claim that found nothing but lanes that the circuit breaker has closed.';

-- p_claim: {type, tokens: [uuid], lease_ms, max_messages, max_bytes, max_wait_ms, max_frozen}; p_begins: those of the same call, which
-- come after it.
create function email_queue_private.claim(p_claim jsonb, p_begins jsonb, out claims json[], out obstacle jsonb, out next_due_ms bigint)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_type text := coalesce(p_claim ->> 'type', 'email');
  v_lease interval := least(greatest(coalesce((p_claim ->> 'lease_ms')::bigint, 60000), 1), 3600000) * interval '1 millisecond';
  v_max_messages integer := least(greatest(coalesce((p_claim ->> 'max_messages')::integer, 100), 1), 100);
  v_bytes_left bigint := least(coalesce((p_claim ->> 'max_bytes')::bigint, 8388608), 1073741824);
  v_budget email_queue_private.budget;
  v_token uuid;
  v_dispatch email_queue_private.dispatch;
  v_new boolean;
  v_trouble boolean := false;
  v_replays integer := coalesce((p_claim ->> 'max_frozen')::integer, 20);
begin
  claims := array[]::json[];
  perform email_queue_private.sweep();
  if v_type = 'email' then
    v_budget := email_queue_private.budget_now();
    obstacle := email_queue_private.claim_obstacle(v_budget, p_begins, coalesce((p_claim ->> 'max_wait_ms')::bigint, 2000) * interval '1 millisecond');
  end if;
  v_new := obstacle is null;
  if v_new and v_type = 'email' and email_queue_private.in_trouble() then
    v_trouble := true;
    perform email_queue_private.lock_budget();
  end if;
  -- What a token already has is given again whatever stands in the way, or a repeated call would leave it to expire.
  for v_token in select t::uuid from jsonb_array_elements_text(p_claim -> 'tokens') as t limit 20 loop
    v_dispatch := email_queue_private.claim_one(v_type, v_token, v_new and v_bytes_left > 0, v_lease, v_max_messages, v_bytes_left::integer,
      v_trouble, v_replays);
    if v_dispatch.id is null then
      if v_trouble and v_new and v_bytes_left > 0 then
        obstacle := email_queue_private.closed_lanes(v_type, clock_timestamp());
      end if;
      v_new := false;
    else
      v_bytes_left := v_bytes_left - v_dispatch.bytes;
      claims := claims || email_queue_private.describe_dispatch(v_dispatch);
      v_replays := v_replays - v_dispatch.frozen::integer;
      v_new := v_new and not email_queue_private.is_suspect(v_dispatch);
    end if;
  end loop;
  if cardinality(claims) < jsonb_array_length(p_claim -> 'tokens') then
    next_due_ms := email_queue_private.next_due_ms(v_type,
      case when v_trouble then array(select c.scope from email_queue_private.closed_scopes(clock_timestamp(), null) as c) end);
  end if;
end
$$;
comment on function email_queue_private.claim(jsonb, jsonb) is 'Sweeps, then claims up to one dispatch a token; says what stands in the way, and when the next is due.';

create function email_queue_private.work(p_request jsonb) returns json
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_item jsonb;
  v_settles jsonb[] := array[]::jsonb[];
  v_begins jsonb[] := array[]::jsonb[];
  v_claim record;
  v_claim_error text;
  v_stuck text;
  v_copy jsonb := email_queue_private.identity_obstacle(p_request);
  v_setting email_queue_private.setting;
  v_run jsonb := case when jsonb_typeof(p_request -> 'run') = 'object' then p_request -> 'run' end;
  v_run_ended boolean := false;
begin
  select '{}'::json[] as claims, null::jsonb as obstacle, null::bigint as next_due_ms into v_claim;
  -- What claim and begin promise must survive a crash of the server, whatever the role's default is.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if p_request ? 'seed_sender' and (email_queue_private.sender_fault(p_request -> 'seed_sender')).message is null
    and (email_queue_private.settings()).default_sender is null
  then
    insert into email_queue_private.setting default values on conflict do nothing;
    update email_queue_private.setting set default_sender = p_request ->> 'seed_sender' where default_sender is null;
  end if;
  -- Before the claim: who enqueues after it may make a call again.
  if v_run ? 'quiet_ms' then
    perform email_queue_private.keep_quiet((v_run ->> 'quiet_ms')::bigint);
  end if;
  -- One lock order for all calls that name several dispatches.
  perform 1 from email_queue_private.dispatch as d
  where d.id in (
    select (e ->> 'dispatch_id')::uuid from jsonb_array_elements(p_request -> 'settles') as e
    union all
    select (e ->> 'dispatch_id')::uuid from jsonb_array_elements(p_request -> 'begins') as e)
  order by d.id for update;

  for v_item in select e from jsonb_array_elements(p_request -> 'settles') as e loop
    begin
      v_settles := v_settles || email_queue_private.settle_dispatch(v_item);
    exception when others then
      v_settles := v_settles || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'result', 'error', 'reason', sqlerrm);
    end;
  end loop;
  if v_copy ->> 'state' = 'error' then
    v_claim_error := v_copy ->> 'reason';
  elsif v_copy is not null then
    v_claim.obstacle := v_copy;
  elsif jsonb_typeof(p_request -> 'claim') = 'object' then
    begin
      select * into v_claim from email_queue_private.claim(p_request -> 'claim', p_request -> 'begins');
    exception when query_canceled or others then
      v_claim_error := sqlerrm;
    end;
  end if;
  -- Last: from the first begin on, whoever pauses the queue waits for the end of this call.
  -- Where one waited in vain for such a pause, the others would too, until the statement's time is up and the settles undone.
  for v_item in select e from jsonb_array_elements(p_request -> 'begins') as e loop
    begin
      v_begins := v_begins || case when v_copy is not null then v_copy || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id')
        when v_stuck is null then email_queue_private.begin_dispatch(v_item)
        else jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'state', 'error', 'reason', v_stuck) end;
    exception when query_canceled or others then
      v_stuck := case when sqlstate in ('55P03', '57014') then sqlerrm end;
      v_begins := v_begins || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'state', 'error', 'reason', sqlerrm);
    end;
  end loop;
  if v_run is not null then
    -- As the run sees it: it goes on where something was claimed, or may be claimed in a moment.
    v_run_ended := email_queue_private.record_run(v_run, (v_run ->> 'last')::boolean is true and cardinality(v_claim.claims) = 0
      and v_claim.obstacle is null and v_claim_error is null and v_claim.next_due_ms is distinct from 0);
  end if;
  v_setting := email_queue_private.settings();
  return json_build_object('settles', v_settles, 'begins', v_begins,
    'claims', v_claim.claims, 'obstacle', v_claim.obstacle, 'next_due_ms', v_claim.next_due_ms, 'claim_error', v_claim_error,
    'remaining', case when (p_request ->> 'count_remaining')::boolean then email_queue_private.remaining(coalesce(p_request ->> 'type', 'email')) end,
    'retry_base_ms', v_setting.retry_base_ms, 'retry_cap_ms', v_setting.retry_cap_ms,
    'now_ms', floor(extract(epoch from clock_timestamp()) * 1000),
    'wake_every_ms', case when v_run is not null then (email_queue_private.wiring_now()).wake_every_ms end, 'run_ended', v_run_ended);
end
$$;
comment on function email_queue_private.work(jsonb) is 'Settles, claims and begins in this order; a failure of one step leaves the others standing.';

-- The switched-off plans: every query here goes by a key, and statistics of a table that was empty a moment ago mislead.
-- jit: a switched-off plan that is taken all the same (a table of one row) costs 10^10, which would have it compiled:
-- 400 ms a call instead of 5.
create function public.email_queue_work(p_request jsonb) returns json
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
  perform email_queue_private.check_sees_all();
  return email_queue_private.work(p_request);
end
$$;
comment on function public.email_queue_work(jsonb) is
  'The worker''s call: {settles, begins, claim: {type, tokens, lease_ms, max_messages, max_bytes, max_wait_ms, max_frozen}, count_remaining, seed_sender, project_url, run: {id, cause, quiet_ms, last, report}}. Answers {settles, begins, claims, obstacle, next_due_ms, remaining, now_ms, ...}.';

create function public.email_queue_claim(
  p_token uuid, p_type text default 'email', p_lease_ms bigint default 60000, p_max_messages integer default 100, p_max_bytes bigint default 8388608
) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_work(jsonb_build_object('claim', jsonb_build_object('type', p_type, 'tokens', jsonb_build_array(p_token),
    'lease_ms', p_lease_ms, 'max_messages', p_max_messages, 'max_bytes', p_max_bytes)))::jsonb -> 'claims' -> 0
$$;
comment on function public.email_queue_claim(uuid, text, bigint, integer, bigint) is
  'Claims one dispatch under the caller''s token; null where there is none. Repeated with the same token it gives the same dispatch.';

create function public.email_queue_begin(
  p_dispatch_id uuid, p_token uuid, p_endpoint text, p_wire_version integer default 1, p_timeout_ms bigint default 30000,
  p_margin_ms bigint default 5000, p_max_wait_ms bigint default 2000
) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_work(jsonb_build_object('begins', jsonb_build_array(jsonb_build_object('dispatch_id', p_dispatch_id,
    'token', p_token, 'endpoint', p_endpoint, 'wire_version', p_wire_version, 'timeout_ms', p_timeout_ms, 'margin_ms', p_margin_ms,
    'max_wait_ms', p_max_wait_ms))))::jsonb -> 'begins' -> 0
$$;
comment on function public.email_queue_begin(uuid, uuid, text, integer, bigint, bigint, bigint) is
  'Records that a dispatch is about to be sent. Answers {state: begun|changed|paused|unavailable|throttled|ended|lost, wait_ms?, retry_after_ms?}.';

create function public.email_queue_settle(p_settle jsonb) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_work(jsonb_build_object('settles', jsonb_build_array(p_settle)))::jsonb -> 'settles' -> 0
$$;
comment on function public.email_queue_settle(jsonb) is
  'Applies outcomes to a dispatch under its token. Answers {result: applied|already|lost|invalid}.';

create function public.email_queue_release(p_dispatch_id uuid, p_token uuid) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_settle(jsonb_build_object('dispatch_id', p_dispatch_id, 'token', p_token, 'answer', 'none', 'counted', false,
    'members', '[]'::jsonb, 'rest', case when d.frozen then 'freeze' else 'release' end))
  from (select coalesce(bool_or(e.frozen), false) as frozen from email_queue_private.dispatch as e where e.id = p_dispatch_id) as d
$$;
comment on function public.email_queue_release(uuid, uuid) is
  'Gives a dispatch back that was not sent, without using an attempt. Answers {result: applied|already|lost}.';

create function public.email_queue_extend(p_dispatch_id uuid, p_token uuid, p_lease_ms bigint) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_until timestamptz;
begin
  update email_queue_private.dispatch as d
  set visible_at = greatest(d.visible_at, clock_timestamp() + least(greatest(p_lease_ms, 1), 3600000) * interval '1 millisecond'),
    updated_at = clock_timestamp()
  where d.id = p_dispatch_id and d.token = p_token and d.visible_at > clock_timestamp()
  returning d.visible_at into v_until;
  return jsonb_build_object('dispatch_id', p_dispatch_id, 'result', case when v_until is null then 'lost' else 'applied' end,
    'lease_expires_at', v_until);
end
$$;
comment on function public.email_queue_extend(uuid, uuid, bigint) is 'Makes an unexpired lease longer. Answers {result: applied|lost, lease_expires_at}.';

call email_queue_private.apply_grants();
