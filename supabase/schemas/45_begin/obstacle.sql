-- Why no request may begin now: {state, retry_after_ms?, reason?}; null if one may.
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
