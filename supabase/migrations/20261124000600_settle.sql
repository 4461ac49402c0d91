set standard_conforming_strings = on;

-- Settle: applies the worker's decision under its lease token.

-- The provider refuses mail of a sender domain. The pause doubles while that goes on, up to a day, so that many domains that
-- nobody verifies ask for few requests; an operator's own pause stands. What has waited for three days by then has waited long
-- enough: it fails with the provider's reason, and can be redriven once the domain is verified. Bounded: the rest fails with
-- the next refusal.
create function email_queue_private.refuse_domain(p_domain text, p_ms bigint, p_reason text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_since timestamptz;
begin
  insert into email_queue_private.paused_domain as d (domain, paused_at, paused_until, reason, refusals, first_refused_at)
  values (p_domain, v_now, v_now + p_ms * interval '1 millisecond', p_reason, 1, v_now)
  on conflict (domain) do update
  set paused_at = v_now, reason = excluded.reason, refusals = d.refusals + 1, first_refused_at = coalesce(d.first_refused_at, v_now),
    paused_until = v_now + case when p_ms is not null then least(p_ms * power(2, least(d.refusals, 20)), 86400000) end * interval '1 millisecond'
  where d.paused_until <= v_now;
  select d.first_refused_at into v_since from email_queue_private.paused_domain as d where d.domain = p_domain collate "C";
  if v_since <= v_now - interval '3 days' then
    with late as materialized (
      select r.id, r.attempts, r.errors from email_queue_private.ready as r
      where r.type = 'email' and r.lane = any (array['batch:' || p_domain, 'single:' || p_domain]) and r.priority = any (array[0, 1, 2, 3])
        and r.run_at <= v_now - interval '3 days'
      order by r.run_at limit 5000 for update skip locked
    ), gone as (
      delete from email_queue_private.ready as r using late as l where r.id = l.id
    )
    update email_queue_private.message as m
    set status = 'failed', reason = 'rejected', completed_at = v_now, attempts = l.attempts,
      errors = email_queue_private.append_errors(l.errors,
        email_queue_private.stamp_error(jsonb_build_object('class', 'misconfigured', 'message', p_reason), l.attempts))
    from late as l where m.id = l.id;
  end if;
end
$$;
comment on function email_queue_private.refuse_domain(text, bigint, text) is 'Pauses a sender domain that the provider refuses, each time for longer; what waited for days fails.';

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
  perform email_queue_private.judge(p_dispatch, (p_signals ->> 'answered')::boolean);
end
$$;
comment on function email_queue_private.apply_signals(email_queue_private.dispatch, jsonb) is 'Writes cooldown, pause, learned rate and the circuit breaker.';

-- Halves a dispatch of which nothing was accepted, to find the member that was refused, or as many as a quota has room for. New
-- ids, so new keys. The smaller come first, as if they had waited longer: one message alone is reached after seven requests,
-- where a backlog of batches would first be halved whole.
create function email_queue_private.split_dispatch(p_dispatch email_queue_private.dispatch) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into email_queue_private.dispatch (id, created_at, updated_at, visible_at, send_before, bytes, priority, attempts_allowed,
    type, lane, message_ids, member_attempts, member_errors)
  select email_queue_private.new_id(), clock_timestamp(), clock_timestamp(),
    clock_timestamp() - (100 - cardinality(p_dispatch.message_ids)) * interval '1 second', min(m.send_before),
    sum(m.bytes), p_dispatch.priority, max(m.max_attempts - e.attempts - p_dispatch.attempt), p_dispatch.type, p_dispatch.lane,
    array_agg(e.id order by e.ordinal), array_agg((e.attempts + p_dispatch.attempt)::smallint order by e.ordinal),
    jsonb_object_agg(e.id, email_queue_private.append_errors(e.errors, p_dispatch.errors))
      filter (where email_queue_private.append_errors(e.errors, p_dispatch.errors) is not null)
  from email_queue_private.members(p_dispatch) as e
  join email_queue_private.message as m on m.id = e.id
  group by e.ordinal <= (cardinality(p_dispatch.message_ids) + 1) / 2
  order by min(e.ordinal)
$$;
comment on function email_queue_private.split_dispatch(email_queue_private.dispatch) is 'Forms two waiting dispatches from the halves of one.';

-- Freezes a begun dispatch until its replay, or gives it up where attempts or horizon are used up.
create function email_queue_private.freeze_dispatch(
  p_dispatch email_queue_private.dispatch, p_error jsonb, p_delay_ms bigint
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
begin
  update email_queue_private.dispatch as d
  set frozen = true, begun = false, last_token = d.token, token = null, updated_at = clock_timestamp(), attempt = p_dispatch.attempt,
    visible_at = least(clock_timestamp() + coalesce(p_delay_ms, 0) * interval '1 millisecond', d.horizon_at),
    errors = email_queue_private.append_errors(d.errors, email_queue_private.stamp_error(p_error, p_dispatch.attempt))
  where d.id = p_dispatch.id
  returning * into v_dispatch;
  if v_dispatch.attempt >= v_dispatch.attempts_allowed or v_dispatch.horizon_at <= clock_timestamp() then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
  end if;
end
$$;
comment on function email_queue_private.freeze_dispatch(email_queue_private.dispatch, jsonb, bigint) is 'Keeps a dispatch of unknown outcome for its replay.';

-- Why a settle may not be applied, or null. A dispatch that may have been sent gives its members back only on a definite
-- answer, and one that never begun cannot have been accepted.
create function email_queue_private.settle_fault(p_dispatch email_queue_private.dispatch, p_settle jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer text := p_settle ->> 'answer';
  v_rest text := p_settle ->> 'rest';
  v_named integer;
  v_members integer;
  v_valid boolean;
  v_completes boolean;
begin
  select count(*), count(distinct s.id), coalesce(bool_and(coalesce(s.outcome in ('completed', 'failed') and s.id = any (p_dispatch.message_ids), false)), true),
    coalesce(bool_or(s.outcome = 'completed'), false)
  into v_named, v_members, v_valid, v_completes
  from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text);
  v_completes := v_completes or v_rest is not distinct from 'complete';
  return case
    when v_answer is null or v_answer not in ('definite', 'none', 'unknown') then 'answer must be definite, none or unknown'
    when v_rest not in ('keep', 'freeze', 'split', 'release', 'alone', 'retry', 'complete', 'fail') then 'rest is not known'
    when not v_valid then 'members must be of the dispatch, and completed or failed'
    when v_rest is null and v_members < cardinality(p_dispatch.message_ids) then 'rest is missing and not every member is named'
    when not p_dispatch.begun and (v_completes or v_answer = 'definite' or v_rest in ('freeze', 'split') and not p_dispatch.frozen)
      then 'the dispatch has not begun'
    when v_rest in ('freeze', 'split') and v_named > 0 then 'it freezes or splits whole'
    when p_dispatch.begun and v_rest = 'keep' then 'the dispatch has begun'
    when v_answer = 'unknown' and (v_rest is null or v_rest not in ('freeze', 'fail') or v_named > 0)
      then 'an unknown answer freezes or fails the whole'
    when v_answer <> 'definite' and v_completes then 'only a definite answer completes'
    when p_dispatch.frozen and v_answer = 'none' and v_rest is distinct from 'freeze' then 'the dispatch may have been sent'
    when v_rest = 'split' and cardinality(p_dispatch.message_ids) < 2 then 'one message cannot be split'
  end;
end
$$;
comment on function email_queue_private.settle_fault(email_queue_private.dispatch, jsonb) is 'Why a settle may not be applied; null where it may.';

-- p_settle: {dispatch_id, token, answer: definite|none|unknown, members: [{id, outcome: completed|failed, provider_message_id?,
-- reason?, error?}], rest: keep|freeze|split|release|alone|retry|complete|fail, reason?, error?, delay_ms?, counted?, signals?}.
-- `rest` is what becomes of the members that are not named; counted false gives the attempt of this begin back.
-- Answers {dispatch_id, result: applied|already|lost|invalid, reason?}.
create function email_queue_private.settle_dispatch(p_settle jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_id uuid := (p_settle ->> 'dispatch_id')::uuid;
  v_token uuid := (p_settle ->> 'token')::uuid;
  v_fault text;
  v_done boolean;
  v_rest uuid[];
  v_named uuid[];
  v_member record;
  v_delay bigint := (p_settle ->> 'delay_ms')::bigint;
begin
  select * into v_dispatch from email_queue_private.dispatch as d where d.id = v_id for update;
  if v_dispatch.token is null or v_dispatch.token is distinct from v_token or v_dispatch.visible_at <= clock_timestamp() then
    return jsonb_build_object('dispatch_id', v_id, 'result',
      case when v_dispatch.token is null and v_dispatch.last_token = v_token then 'already' else 'lost' end);
  end if;
  -- Its lease goes on after "keep", so the members tell whether that was done.
  if p_settle ->> 'rest' = 'keep' then
    select coalesce(bool_and(m.dispatch_id is not distinct from v_id), false) into v_done
    from jsonb_array_elements(p_settle -> 'members') as e left join email_queue_private.message as m on m.id = (e ->> 'id')::uuid;
    if v_done then
      return jsonb_build_object('dispatch_id', v_id, 'result', 'already');
    end if;
  end if;
  v_fault := email_queue_private.settle_fault(v_dispatch, p_settle);
  if v_fault is not null then
    return jsonb_build_object('dispatch_id', v_id, 'result', 'invalid', 'reason', v_fault);
  end if;

  if v_dispatch.begun and not coalesce((p_settle ->> 'counted')::boolean, true) then
    v_dispatch.attempt := v_dispatch.attempt - 1;
  end if;
  -- Not joined with the members: two lists of a hundred would be compared each with each.
  update email_queue_private.message as m
  set status = 'completed', completed_at = clock_timestamp(), dispatch_id = v_id, provider_message_id = s.provider_message_id,
    attempts = v_dispatch.member_attempts[array_position(v_dispatch.message_ids, s.id)] + v_dispatch.attempt,
    errors = case when v_dispatch.errors is not null or v_dispatch.member_errors is not null
      then email_queue_private.append_errors(v_dispatch.member_errors -> s.id::text, v_dispatch.errors) end
  from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text, provider_message_id text)
  where s.outcome = 'completed' and m.id = s.id and m.status is null;
  if found then
    -- The provider takes mail of this domain again.
    delete from email_queue_private.paused_domain as p where p.domain = split_part(v_dispatch.lane, ':', 2) and p.refusals > 0;
  end if;
  for v_member in
    select s.reason, s.error, array_agg(s.id) as ids
    from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text, reason text, error jsonb)
    where s.outcome = 'failed' group by s.reason, s.error
  loop
    perform email_queue_private.fail_members(v_dispatch, v_member.ids, coalesce(v_member.reason, 'rejected'), v_member.error);
  end loop;

  select coalesce(array_agg(s.id), '{}') into v_named from jsonb_to_recordset(p_settle -> 'members') as s(id uuid);
  select array_agg(u.id) into v_rest from unnest(v_dispatch.message_ids) as u(id) where u.id <> all (v_named);
  if v_rest is null then
    perform email_queue_private.close_dispatch(v_id);
  else
    case p_settle ->> 'rest'
      when 'keep' then perform email_queue_private.drop_members(v_dispatch, v_named);
      when 'freeze' then perform email_queue_private.freeze_dispatch(v_dispatch, p_settle -> 'error', v_delay);
      when 'split' then perform email_queue_private.split_dispatch(v_dispatch);
      when 'release' then perform email_queue_private.return_members(v_dispatch, v_rest, p_settle -> 'error', v_delay, false);
      when 'alone' then perform email_queue_private.return_members(v_dispatch, v_rest, p_settle -> 'error', v_delay, true);
      when 'retry' then perform email_queue_private.retry_members(v_dispatch, v_rest, p_settle -> 'error', coalesce(v_delay, 0));
      when 'fail' then perform email_queue_private.fail_members(v_dispatch, v_rest,
        case when p_settle ->> 'answer' = 'unknown' then 'unknown_outcome' else coalesce(p_settle ->> 'reason', 'rejected') end, p_settle -> 'error');
      when 'complete' then
        update email_queue_private.message as m
        set status = 'completed', completed_at = clock_timestamp(), dispatch_id = v_id, attempts = e.attempts + v_dispatch.attempt,
          errors = email_queue_private.append_errors(e.errors, v_dispatch.errors)
        from email_queue_private.members(v_dispatch) as e where m.id = e.id and e.id = any (v_rest) and m.status is null;
    end case;
    if p_settle ->> 'rest' not in ('keep', 'freeze') then
      perform email_queue_private.close_dispatch(v_id);
    end if;
  end if;
  if jsonb_typeof(p_settle -> 'signals') = 'object' then
    perform email_queue_private.apply_signals(v_dispatch, p_settle -> 'signals');
  end if;
  return jsonb_build_object('dispatch_id', v_id, 'result', 'applied');
end
$$;
comment on function email_queue_private.settle_dispatch(jsonb) is 'Applies a decision under the lease token; repeated, it answers "already".';

call email_queue_private.apply_grants();
