set standard_conforming_strings = on;

-- Begin: the last thing recorded before a request leaves. From here on it may have been sent.

-- Requests a second that all runs may make together. The provider counts by seconds of its own, and a request may arrive
-- later after its slot than the one that opens the next window: so its limit is spread over 50 ms more than a second. Spread
-- over exactly one, eight runs had 8 % of their requests refused, and used less of the window for it. The workers see to it
-- that 50 ms are enough: they count a slot by the database's clock.
-- Before the first answer nothing is known of the limit. Five is what Resend's teams had before today's ten.
create function email_queue_private.request_rate(p_budget email_queue_private.budget) returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return least((email_queue_private.settings()).rate_limit, coalesce(p_budget.learned_limit, case when not p_budget.answered then 5 end) / 1.05);
end
$$;
comment on function email_queue_private.request_rate(email_queue_private.budget) is 'Requests a second: the operator''s ceiling, or a little less than the provider''s limit where that is lower or not known yet.';

-- When the next request may leave. No slot is given further ahead than two seconds, so that the next one is no later than
-- one interval after that: a later one is of a lower rate, or of a clock that was put back, and stops nobody.
create function email_queue_private.next_slot(p_rate numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz := to_timestamp(pg_catalog.pg_sequence_last_value('email_queue_private.next_slot') / 1000000.0);
begin
  return case when v_slot <= clock_timestamp() + interval '2 seconds' + interval '1 second' / p_rate::double precision then v_slot else '-infinity' end;
end
$$;
comment on function email_queue_private.next_slot(numeric) is 'When the next request may leave, at a rate.';

-- Takes the first slot from a time on; null where that is after p_until. One session at a time: the exception gives the
-- lock back at once, and the sequence keeps its value. A begin that is rolled back leaves its slot unused.
create function email_queue_private.take_slot(p_from timestamptz, p_until timestamptz, p_rate numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz;
begin
  begin
    lock table email_queue_private.slot_lock in exclusive mode;
    v_slot := greatest(p_from, email_queue_private.next_slot(p_rate));
    if v_slot <= p_until then
      perform setval('email_queue_private.next_slot', ceil((extract(epoch from v_slot) + 1 / p_rate) * 1000000)::bigint);
    end if;
    raise exception using errcode = 'EQ000', message = 'the lock is given back';
  exception when sqlstate 'EQ000' then
    return case when v_slot <= p_until then v_slot end;
  end;
end
$$;
comment on function email_queue_private.take_slot(timestamptz, timestamptz, numeric) is 'Takes the next slot of the rate that all runs share; null where it is too far ahead.';

-- Begins share it, and whoever changes the budget has it alone: once a pause stands, no begin is under way that did not
-- see it. Until the end of the transaction, and taken before the budget's row. The row is there from here on.
create function email_queue_private.lock_budget() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  lock table email_queue_private.budget_lock in exclusive mode;
  insert into email_queue_private.budget default values on conflict do nothing;
exception when lock_not_available then
  raise exception using errcode = 'lock_not_available', message = 'a begin is under way in a transaction that stays open',
    hint = 'Call it again, or end that transaction: pg_locks shows it, for the relation budget_lock.';
end
$$;
comment on function email_queue_private.lock_budget() is 'Waits for the begins under way; to be called before the budget is changed.';

-- Whether anybody may begin now, or what stands in the way: {state, retry_after_ms?, reason?}; null where nothing does.
create function email_queue_private.obstacle(
  p_budget email_queue_private.budget, p_next_slot timestamptz, p_now timestamptz, p_max_wait interval
) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if p_budget.paused_at is not null and (p_budget.paused_until is null or p_budget.paused_until > p_now) then
    return jsonb_build_object('state', 'paused', 'reason', p_budget.pause_reason,
      'retry_after_ms', ceil(extract(epoch from p_budget.paused_until - p_now) * 1000));
  end if;
  if greatest(p_next_slot, p_budget.cooldown_until) > p_now + p_max_wait then
    return jsonb_build_object('state', 'throttled', 'reason', case when p_budget.cooldown_until > p_now then p_budget.cooldown_reason end,
      'retry_after_ms', ceil(extract(epoch from greatest(p_next_slot, p_budget.cooldown_until) - p_now) * 1000));
  end if;
  return null;
end
$$;
comment on function email_queue_private.obstacle(email_queue_private.budget, timestamptz, timestamptz, interval) is
  'What keeps a request from leaving within a wait: paused or throttled.';

-- What stands in the way of claims, p_begins of the same call being still to come: they take slots.
create function email_queue_private.claim_obstacle(p_budget email_queue_private.budget, p_begins jsonb, p_max_wait interval) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_rate numeric := email_queue_private.request_rate(p_budget);
  v_slot timestamptz := email_queue_private.next_slot(v_rate);
  v_begins integer := coalesce(jsonb_array_length(p_begins), 0);
  v_obstacle jsonb := email_queue_private.obstacle(p_budget, v_slot, v_now, p_max_wait);
begin
  if v_obstacle is null and v_begins > 0 then
    v_slot := greatest(v_slot, p_budget.cooldown_until, v_now)
      + v_begins * interval '1 second' / v_rate::double precision;
    v_obstacle := email_queue_private.obstacle(p_budget, v_slot, v_now, p_max_wait);
  end if;
  return v_obstacle;
end
$$;
comment on function email_queue_private.claim_obstacle(email_queue_private.budget, jsonb, interval) is 'What keeps a claim from being sent within a wait, after the begins of the same call.';

-- Takes members out of a dispatch whose send_before has passed before its first begin. Answers their ids.
create function email_queue_private.expire_members(p_dispatch email_queue_private.dispatch) returns uuid[]
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  select array_agg(m.id) into v_ids from email_queue_private.message as m
  where m.id = any (p_dispatch.message_ids) and m.send_before <= clock_timestamp();
  if v_ids is not null then
    perform email_queue_private.fail_members(p_dispatch, v_ids, 'expired', null);
    if cardinality(v_ids) = cardinality(p_dispatch.message_ids) then
      perform email_queue_private.close_dispatch(p_dispatch.id);
    else
      perform email_queue_private.drop_members(p_dispatch, v_ids);
    end if;
  end if;
  return v_ids;
end
$$;
comment on function email_queue_private.expire_members(email_queue_private.dispatch) is 'Fails members that are no longer worth sending.';

-- p_begin: {dispatch_id, token, endpoint, wire_version, members?, timeout_ms, margin_ms, max_wait_ms}; `members` is how
-- many messages the request's body holds.
-- Answers {dispatch_id, state, ...}, state being one of
--   begun {wait_ms, attempt}          send after wait_ms
--   changed {removed: [id]}           some members expired, or it has fewer than `members`: prepare again
--   paused, unavailable, throttled    {retry_after_ms, reason}: give it back
--   ended {reason}                    it is over: nothing to send
--   lost                              another has it
--   invalid {reason}                  the call is wrong
create function email_queue_private.begin_dispatch(p_begin jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_budget email_queue_private.budget;
  v_id uuid := (p_begin ->> 'dispatch_id')::uuid;
  v_lease interval := ((p_begin ->> 'timeout_ms')::bigint + (p_begin ->> 'margin_ms')::bigint) * interval '1 millisecond';
  v_max_wait interval := least((p_begin ->> 'max_wait_ms')::bigint, 2000) * interval '1 millisecond';
  v_now timestamptz;
  v_slot timestamptz;
  v_rate numeric;
  v_obstacle jsonb;
  v_removed uuid[];
  v_trouble boolean;
begin
  select * into v_dispatch from email_queue_private.dispatch as d where d.id = v_id for update;
  v_now := clock_timestamp();
  if v_dispatch.token is null or v_dispatch.token is distinct from (p_begin ->> 'token')::uuid or v_dispatch.visible_at <= v_now then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'lost');
  end if;
  if p_begin ->> 'endpoint' is null or p_begin ->> 'endpoint' not in ('single', 'batch') or p_begin ->> 'wire_version' is null
    or v_lease is null or v_lease <= '0' then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'invalid', 'reason', 'endpoint, wire_version, timeout_ms and margin_ms are needed');
  end if;
  -- A worker whose call was repeated may not know that the first one took members out: its body has too many.
  if (p_begin ->> 'members')::integer <> cardinality(v_dispatch.message_ids) then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'changed', 'removed', '[]'::jsonb, 'reason', 'it has other members now');
  end if;
  if p_begin ->> 'endpoint' = 'single' and cardinality(v_dispatch.message_ids) > 1 then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'invalid', 'reason', 'several messages cannot go to the endpoint of one');
  end if;
  if v_dispatch.begun then
    -- Repeated after a lost answer: the same attempt, slot and lease, which the worker counts from its first call.
    return jsonb_build_object('dispatch_id', v_id, 'state', 'begun', 'attempt', v_dispatch.attempt,
      'wait_ms', greatest(0, ceil(extract(epoch from v_dispatch.slot_at - v_now) * 1000)));
  end if;
  if v_dispatch.frozen and (v_dispatch.endpoint, v_dispatch.wire_version)
    is distinct from (p_begin ->> 'endpoint', (p_begin ->> 'wire_version')::smallint) then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'invalid', 'reason', 'a frozen dispatch keeps its endpoint and wire version');
  end if;
  if v_dispatch.frozen and (v_dispatch.horizon_at <= v_now or v_dispatch.attempt >= v_dispatch.attempts_allowed) then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
    return jsonb_build_object('dispatch_id', v_id, 'state', 'ended', 'reason', 'unknown_outcome');
  end if;
  if not v_dispatch.frozen and v_dispatch.send_before <= v_now then
    v_removed := email_queue_private.expire_members(v_dispatch);
    return jsonb_build_object('dispatch_id', v_id, 'removed', to_jsonb(v_removed),
      'state', case when cardinality(v_removed) = cardinality(v_dispatch.message_ids) then 'ended' else 'changed' end, 'reason', 'expired');
  end if;

  if email_queue_private.is_paused(v_dispatch.lane) then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'paused', 'reason', 'the sender domain is paused');
  end if;
  -- Shared with other begins, against whoever changes the budget; in trouble one begin at a time. What is read from here on
  -- is what stands.
  v_trouble := email_queue_private.in_trouble();
  if v_trouble then
    perform email_queue_private.lock_budget();
  else
    lock table email_queue_private.budget_lock in row share mode;
  end if;
  v_budget := email_queue_private.budget_now();
  v_now := clock_timestamp();
  v_obstacle := email_queue_private.obstacle(v_budget, null, v_now, v_max_wait);
  if v_obstacle is null or v_obstacle ->> 'state' <> 'paused' then
    v_obstacle := coalesce(email_queue_private.closed(v_dispatch, v_trouble, v_now), v_obstacle);
  end if;
  if v_obstacle is null then
    v_rate := email_queue_private.request_rate(v_budget);
    v_slot := email_queue_private.take_slot(greatest(v_now, v_budget.cooldown_until), v_now + v_max_wait, v_rate);
    if v_slot is null then
      v_obstacle := email_queue_private.obstacle(v_budget, email_queue_private.next_slot(v_rate), v_now, v_max_wait);
    end if;
  end if;
  if v_obstacle is not null then
    return v_obstacle || jsonb_build_object('dispatch_id', v_id);
  end if;
  v_lease := v_lease + (v_slot - v_now);
  update email_queue_private.dispatch as d
  set begun = true, attempt = d.attempt + 1, slot_at = v_slot, visible_at = v_now + v_lease, updated_at = v_now,
    first_begun_at = coalesce(d.first_begun_at, v_now),
    horizon_at = coalesce(d.horizon_at, v_now + (email_queue_private.settings()).horizon),
    endpoint = p_begin ->> 'endpoint', wire_version = (p_begin ->> 'wire_version')::smallint
  where d.id = v_id returning * into v_dispatch;
  return jsonb_build_object('dispatch_id', v_id, 'state', 'begun', 'attempt', v_dispatch.attempt,
    'wait_ms', ceil(extract(epoch from v_slot - v_now) * 1000));
end
$$;
comment on function email_queue_private.begin_dispatch(jsonb) is 'Records that a dispatch may be sent from now on: takes a slot, an attempt and a longer lease.';

call email_queue_private.apply_grants();
