-- The doctor's checks of waiting mail, of pauses, and of the settings around them. Waiting mail is judged by whether mail is being sent,
-- and by how often the schedule calls.

create function email_queue_private.doctor_queue() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting;
  v_budget email_queue_private.budget;
  v_domain email_queue_private.paused_domain;
  v_stats jsonb := public.email_queue_stats();
  v_due numeric := coalesce((v_stats #>> '{types,email,oldest_due_seconds}')::numeric, 0);
  v_call_seconds integer := email_queue_private.call_seconds();
  v_goes_on boolean;
  v_expired bigint;
  v_type text;
  v_paused boolean;
  v_silent text;
begin
  v_setting := email_queue_private.settings();
  v_budget := email_queue_private.budget_now();
  v_paused := v_budget.paused_at is not null and coalesce(v_budget.paused_until > statement_timestamp(), true);
  return next email_queue_private.finding('pause',
    case when v_paused then format('the queue is paused%s: %s', ' until ' || v_budget.paused_until, v_budget.pause_reason) end, 'not paused',
    email_queue_private.pause_remedy(v_budget.pause_reason, v_budget.paused_until, null));
  for v_domain in select * from email_queue_private.paused_domain as p where p.paused_until is null or p.paused_until > statement_timestamp() order by p.domain loop
    return next email_queue_private.finding('paused domain', format('%s is paused%s: %s', v_domain.domain, ' until ' || v_domain.paused_until, v_domain.reason), null,
      email_queue_private.pause_remedy(v_domain.reason, v_domain.paused_until, v_domain.domain));
  end loop;
  -- Without mail that waits for an answer the row only says how it was.
  select string_agg(format('%s of %s', b.streak, b.scope), ', ' order by b.scope) into v_silent from email_queue_private.breaker as b
  where b.streak >= 3 and (b.next_at > statement_timestamp() or v_due > 0
    or exists (select from email_queue_private.dispatch as d where d.frozen and d.settled_at is null and d.type = 'email'));
  return next email_queue_private.finding('provider',
    'several requests in a row got no answer (' || v_silent || '): one request at a time is tried', 'it answers',
    'Nothing to do: sending goes on by itself when Resend answers again (https://resend-status.com)');
  return next email_queue_private.finding('cooldown',
    case when v_budget.cooldown_until > statement_timestamp() then format('no request leaves before %s: %s', v_budget.cooldown_until, v_budget.cooldown_reason) end, 'none',
    'Nothing to do: sending goes on by itself then. To go on at once, after a change to a larger plan at Resend: select email_queue_resume();',
    case when v_budget.cooldown_until > statement_timestamp() + interval '1 minute' then 'warn' else 'ok' end);
  -- A backlog takes its time. While it is worked off, its length says nothing.
  v_goes_on := exists (select from email_queue_private.dispatch as d where d.settled_at > statement_timestamp() - interval '2 minutes' and d.type = 'email');
  return next email_queue_private.finding('oldest message',
    case when v_due > 0 then format('the oldest due e-mail has waited %s seconds%s', v_due, case when v_goes_on then ', while mail is being sent' else '' end) end,
    'no e-mail is due', 'The other findings say why. If none does, to start a run: select email_queue_call();',
    case when v_goes_on or v_due <= 300 + v_call_seconds then 'ok' when v_due > 900 + v_call_seconds then 'fail' else 'warn' end);
  for v_type, v_expired in
    select d.type, count(*) from email_queue_private.dispatch as d
    where d.token is not null and d.visible_at < statement_timestamp() - interval '2 minutes' - v_call_seconds * interval '1 second' group by d.type
    union all
    select 'email', 0 where not exists (select from email_queue_private.dispatch as d where d.type = 'email' and d.token is not null
      and d.visible_at < statement_timestamp() - interval '2 minutes' - v_call_seconds * interval '1 second')
  loop
    return next email_queue_private.finding('expired leases',
      case when v_expired = 0 then null when v_type = 'email' then format('the leases of %s dispatches have expired, and no run has taken these over', v_expired)
        else format('the leases of %s messages of type %s have expired, and no consumer has taken these over', v_expired, v_type) end, 'none',
      case when v_type = 'email' then 'select email_queue_call();' else 'Start the consumer of this type: its next dequeue takes them over' end);
  end loop;
  return next email_queue_private.finding('rate', null, format('%s requests a second at most%s', v_setting.rate_limit,
    '; the provider allows ' || trim_scale(v_budget.learned_limit) || case when v_budget.learned_limit < v_setting.rate_limit then ', and no more are sent' else '' end));
end
$$;
comment on function email_queue_private.doctor_queue() is 'Waiting mail, and what holds it up.';
