set standard_conforming_strings = on;

-- Sweep: what has run out. Every claim does it first.

-- One dispatch whose lease ran out.
--   begun: an e-mail may have been sent, so it is frozen and waits for its replay; a custom consumer's message is tried again.
--   not begun: taken over whole once; the second time its members come back one to a dispatch, and a single pays an attempt.
create function email_queue_private.recover_dispatch(p_dispatch email_queue_private.dispatch) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
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
    v_setting := email_queue_private.settings();
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
create function email_queue_private.sweep_now(p_now timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_dispatch email_queue_private.dispatch;
begin
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where d.token is not null and d.visible_at <= p_now
    order by d.visible_at limit 20 for update skip locked
  loop
    perform email_queue_private.recover_dispatch(v_dispatch);
  end loop;
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where d.frozen and d.token is null and d.horizon_at <= p_now
    order by d.horizon_at limit 20 for update skip locked
  loop
    perform email_queue_private.abandon_dispatch(v_dispatch,
      '{"class": "unknown", "message": "The horizon passed without a definite answer."}');
  end loop;
  with late as materialized (
    select r.id, r.attempts, r.errors from email_queue_private.ready as r
    where r.send_before <= p_now
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
    where d.settled_at < p_now - interval '1 day'
    order by d.settled_at limit 20 for update skip locked));
exception when lock_not_available then
  null; -- Another call has them in hand.
end
$$;
comment on function email_queue_private.sweep_now(timestamptz) is 'Recovers expired leases, ends frozen dispatches past their horizon and messages past their send_before, prunes settled dispatches; a bounded number of each.';

-- Mostly there is nothing to sweep, and four index probes say so for a fifth of what the sweep takes.
create function email_queue_private.sweep() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if exists (select 1 from email_queue_private.dispatch as d where d.token is not null and d.visible_at <= v_now)
    or exists (select 1 from email_queue_private.dispatch as d where d.frozen and d.token is null and d.horizon_at <= v_now)
    or exists (select 1 from email_queue_private.ready as r where r.send_before <= v_now)
    or exists (select 1 from email_queue_private.dispatch as d where d.settled_at < v_now - interval '1 day')
  then
    perform email_queue_private.sweep_now(v_now);
  end if;
end
$$;
comment on function email_queue_private.sweep() is 'Ends what has run out: leases, horizons, send_before.';

call email_queue_private.apply_grants();
