-- Begin: the last thing recorded before a request leaves. From here on it may have been sent.

-- p_begin: {dispatch_id, token, endpoint, wire_version, mark?, key_window_ms?, members?, timeout_ms, margin_ms, max_wait_ms}. The
-- provider knows the key for `key_window_ms` from the first begin on; without it, a dispatch that may have been sent is never sent
-- again. `members` is how many messages the request's body holds, `mark` what its e-mails carry (none under wire version 1).
-- Answers {dispatch_id, state, ...}, state being one of
--   begun {wait_ms, attempt}          send after wait_ms
--   changed {removed: [id]}           some members expired, or it has fewer than `members`, or `mark` was retired: prepare again
--   paused, unavailable, throttled    {retry_after_ms, reason}: give it back
--   ended {reason}                    it is over: nothing to send
--   lost                              another has it
--   invalid {reason}                  the call is wrong
create function email_queue_private.begin_dispatch(p_begin jsonb, p_setting email_queue_private.setting) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_budget email_queue_private.budget;
  v_id uuid := (p_begin ->> 'dispatch_id')::uuid;
  v_lease interval := ((p_begin ->> 'timeout_ms')::bigint + (p_begin ->> 'margin_ms')::bigint) * interval '1 millisecond';
  v_max_wait interval := least((p_begin ->> 'max_wait_ms')::bigint, {{MAX_SLOT_WAIT_MS}}) * interval '1 millisecond';
  v_key_window interval := (p_begin ->> 'key_window_ms')::bigint * interval '1 millisecond';
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
  if v_dispatch.frozen and (v_dispatch.endpoint, v_dispatch.wire_version, v_dispatch.mark)
    is distinct from (p_begin ->> 'endpoint', (p_begin ->> 'wire_version')::smallint, p_begin ->> 'mark') then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'invalid', 'reason', 'a frozen dispatch keeps its endpoint, wire version and mark');
  end if;
  if not v_dispatch.frozen and p_begin ->> 'mark' is distinct from email_queue_private.current_mark() and p_begin ->> 'mark' is not null then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'changed', 'removed', '[]'::jsonb, 'reason', 'this installation has another mark now');
  end if;
  if v_dispatch.frozen and (v_dispatch.horizon_at <= v_now or v_dispatch.attempt >= v_dispatch.attempts_allowed or v_key_window is null) then
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
  -- Shared with other begins, against changes of the budget; in trouble one begin at a time. What is read from here on
  -- does not change any more.
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
    v_rate := email_queue_private.request_rate(v_budget, p_setting);
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
    horizon_at = coalesce(d.horizon_at, v_now + case when v_key_window is not null then least(v_key_window, p_setting.horizon) end),
    endpoint = p_begin ->> 'endpoint', wire_version = (p_begin ->> 'wire_version')::smallint, mark = p_begin ->> 'mark'
  where d.id = v_id returning * into v_dispatch;
  return jsonb_build_object('dispatch_id', v_id, 'state', 'begun', 'attempt', v_dispatch.attempt,
    'wait_ms', ceil(extract(epoch from v_slot - v_now) * 1000));
end
$$;
comment on function email_queue_private.begin_dispatch(jsonb, email_queue_private.setting) is 'Records that a dispatch may be sent from now on: takes a slot, an attempt and a longer lease.';
