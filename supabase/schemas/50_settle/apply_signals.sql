-- What an answer says about the provider as a whole. p_signals: {answered, cooldown_ms, cooldown_reason,
-- pause: {scope: queue|domain, ms?, reason}, rate_limit}.
create function email_queue_private.apply_signals(p_dispatch email_queue_private.dispatch, p_signals jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_pause jsonb := p_signals -> 'pause';
  v_budget email_queue_private.budget := email_queue_private.budget_now();
  v_until timestamptz := v_now + (v_pause ->> 'ms')::bigint * interval '1 millisecond';
begin
  -- The budget is locked and written only where something changes.
  if v_pause ->> 'scope' is not distinct from 'queue' or p_signals ? 'cooldown_ms'
    or coalesce((p_signals ->> 'answered')::boolean, false) and not v_budget.answered
    or v_budget.learned_limit is distinct from coalesce((p_signals ->> 'rate_limit')::numeric, v_budget.learned_limit)
  then
    perform email_queue_private.lock_budget();
    update email_queue_private.budget set answered = true where (p_signals ->> 'answered')::boolean and not answered;
    update email_queue_private.budget
    set cooldown_until = greatest(cooldown_until, v_now + (p_signals ->> 'cooldown_ms')::bigint * interval '1 millisecond'),
      cooldown_reason = p_signals ->> 'cooldown_reason'
    where p_signals ? 'cooldown_ms';
    update email_queue_private.budget
    set learned_limit = (p_signals ->> 'rate_limit')::numeric
    where (p_signals ->> 'rate_limit')::numeric > 0;
  end if;
  if v_pause ->> 'scope' = 'queue' then
    update email_queue_private.budget
    set paused_at = v_now, paused_until = v_until, pause_reason = coalesce(v_pause ->> 'reason', 'the provider refused')
    where paused_at is null or paused_until <= v_now;
  elsif v_pause ->> 'scope' = 'domain' then
    perform email_queue_private.refuse_domain(split_part(p_dispatch.lane, ':', 2), (v_pause ->> 'ms')::bigint,
      coalesce(v_pause ->> 'reason', 'the provider refused'));
  end if;
  -- Mostly there is an answer, and no trouble.
  if not coalesce((p_signals ->> 'answered')::boolean, true) or email_queue_private.in_trouble() then
    perform email_queue_private.judge(p_dispatch, (p_signals ->> 'answered')::boolean);
  end if;
end
$$;
comment on function email_queue_private.apply_signals(email_queue_private.dispatch, jsonb) is 'Writes cooldown, pause, learned rate and the circuit breaker.';
