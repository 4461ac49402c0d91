set standard_conforming_strings = on;

-- The doctor, of the queue: what the function answered and did, what waits, what stands in the way, and the settings around it.

create function email_queue_private.doctor_answers() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
  v_called_at timestamptz;
  v_cause text;
  v_status integer;
  v_timed_out boolean;
  v_error text;
  v_content text;
  v_unanswered timestamptz;
  v_answer jsonb;
  v_detail text;
  v_remedy text := 'supabase/functions/deploy.sh';
begin
  perform email_queue_private.check_caller();
  if not email_queue_private.has_extension('pg_net') then
    return;
  end if;
  -- pg_net's ids start again after a crash of the server: an answer is not older than its call.
  execute email_queue_private.external('select c.request_id, c.called_at, c.cause, r.status_code, r.timed_out, r.error_msg, left(r.content, 2000) as content
    from email_queue_private.call as c join net._http_response as r on r.id = c.request_id and r.created >= c.called_at - interval ''1 minute''
    order by c.called_at desc, c.request_id desc limit 1') into v_id, v_called_at, v_cause, v_status, v_timed_out, v_error, v_content;
  select min(c.called_at) into v_unanswered from email_queue_private.call as c
  where c.called_at > coalesce(v_called_at, '-infinity') and c.called_at < statement_timestamp() - interval '1 minute';
  if v_unanswered is not null then
    return next email_queue_private.finding('answers', 'fail', format('pg_net has answered no call since %s', v_unanswered), 'select net.worker_restart();');
    return;
  elsif v_called_at is null then
    return next email_queue_private.finding('answers', 'ok', 'no call has been answered yet');
    return;
  end if;
  begin
    v_answer := v_content::jsonb;
  exception when others then
    v_answer := null;
  end;
  case
    when v_timed_out or v_error ilike '%time%out%' then
      v_detail := 'timed out: the function answers a call before it works, so it does not start';
      v_remedy := 'Look at the function''s logs (dashboard: Edge Functions)';
    when v_status is null then
      v_detail := 'did not reach the function: ' || coalesce(left(v_error, 200), 'no reason given');
    when v_status = 401 then
      v_detail := 'was refused (401): the secret in Vault is not the function''s';
    when v_status = 404 then
      v_detail := 'found no function (404): it is not deployed, or email_queue_url is wrong';
    when v_status in (200, 202) and v_answer ? 'runId' then
      v_detail := 'was accepted';
      v_remedy := null;
    when v_status = 503 and v_answer ->> 'code' = 'busy' then
      v_detail := 'came to an isolate that takes no more runs: the next call starts another one';
      v_remedy := null;
    when v_status in (200, 202) then
      v_detail := 'was answered by something else than the function';
    else
      v_detail := format('was answered with %s', v_status) || coalesce(': ' || left(v_answer ->> 'error', 200), '');
      v_remedy := 'Look at the function''s logs (dashboard: Edge Functions). If a secret is missing there: supabase/functions/deploy.sh';
  end case;
  return next email_queue_private.finding('answers', case when v_remedy is null then 'ok' else 'fail' end,
    format('the call of %s (%s) %s', v_called_at, v_cause, v_detail), v_remedy, jsonb_build_object('request_id', v_id));
end
$$;
comment on function email_queue_private.doctor_answers() is 'What pg_net got from the function: whether its calls are accepted.';

-- A run sends its first call within seconds, and one that is under way a call at least every half a minute.
create function email_queue_private.doctor_runs() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_asked timestamptz := (select max(c.called_at) from email_queue_private.call as c where c.called_at < statement_timestamp() - interval '1 minute');
  v_seen timestamptz;
  v_dead integer;
  v_all integer;
  v_run email_queue_private.run;
begin
  select max(greatest(r.last_seen_at, r.ended_at)),
    count(*) filter (where r.ended_at is null and r.last_seen_at < statement_timestamp() - interval '3 minutes' and r.started_at > statement_timestamp() - interval '1 hour'),
    count(*) filter (where r.started_at > statement_timestamp() - interval '1 hour')
  into v_seen, v_dead, v_all from email_queue_private.run as r;
  if v_asked > coalesce(v_seen, '-infinity') then
    return next email_queue_private.finding('runs', 'fail', format('a run was asked for at %s and never started; %s', v_asked,
      coalesce('the last sign of one is of ' || v_seen, 'none ever has')), 'supabase/functions/deploy.sh');
    return;
  end if;
  select * into v_run from email_queue_private.run as r
  where r.ended_at is not null or r.last_seen_at < statement_timestamp() - interval '3 minutes' order by r.started_at desc, r.id desc limit 1;
  return next case
    when v_run.id is null then email_queue_private.finding('runs', 'ok', 'none has ended yet')
    when v_run.ended_at is null then email_queue_private.finding('runs', 'fail', format('the run of %s (%s) never ended: the last sign of it is of %s; it was killed, and its leases end by themselves',
      v_run.started_at, v_run.cause, v_run.last_seen_at), 'Look at the function''s logs (dashboard: Edge Functions) for a limit: wall clock (EMAIL_QUEUE_WALL_SECONDS), CPU or memory')
    when v_run.stopped in ('misconfigured', 'unavailable') then email_queue_private.finding('runs', 'fail', format('the run of %s (%s) ended as %s: %s',
      v_run.started_at, v_run.cause, v_run.stopped, coalesce(v_run.reason, 'the function''s log has the reason')),
      'Put right in .env what the reason names (RESEND_API_KEY, a key of the project), then: supabase/functions/deploy.sh')
    when v_dead > 0 then email_queue_private.finding('runs', 'warn', format('%s of the %s runs of the last hour never ended: they were killed', v_dead, v_all),
      'Look at the function''s logs (dashboard: Edge Functions) for a limit: wall clock (EMAIL_QUEUE_WALL_SECONDS), CPU or memory')
    else email_queue_private.finding('runs', 'ok', format('the last one ended at %s as %s', v_run.ended_at, v_run.stopped || coalesce(': ' || v_run.reason, ''))) end;
end
$$;
comment on function email_queue_private.doctor_runs() is 'What came of the runs that were asked for.';

create function email_queue_private.doctor_queue() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting;
  v_budget email_queue_private.budget;
  v_domain email_queue_private.paused_domain;
  v_stats jsonb := public.email_queue_stats();
  v_due numeric := coalesce((v_stats #>> '{types,email,oldest_due_seconds}')::numeric, 0);
  v_expired bigint;
  v_paused boolean;
  v_silent text;
begin
  v_setting := email_queue_private.settings();
  v_budget := email_queue_private.budget_now();
  v_paused := v_budget.paused_at is not null and coalesce(v_budget.paused_until > statement_timestamp(), true);
  return next email_queue_private.finding('pause', case when v_paused then 'fail' else 'ok' end,
    case when v_paused then format('the queue is paused%s: %s', ' until ' || v_budget.paused_until, v_budget.pause_reason) else 'not paused' end,
    'Put right what the reason names (a key: in .env, then supabase/functions/deploy.sh), then: select email_queue_resume();');
  for v_domain in select * from email_queue_private.paused_domain as p where p.paused_until is null or p.paused_until > statement_timestamp() order by p.domain loop
    return next email_queue_private.finding('paused domain', 'fail', format('%s is paused%s: %s', v_domain.domain, ' until ' || v_domain.paused_until, v_domain.reason),
      format('Verify the domain with Resend (https://resend.com/domains), then: select email_queue_resume(%L);', v_domain.domain));
  end loop;
  select string_agg(format('%s of %s', b.streak, b.scope), ', ' order by b.scope) into v_silent from email_queue_private.breaker as b where b.streak >= 3;
  return next email_queue_private.finding('provider', case when v_silent is not null then 'fail' else 'ok' end,
    coalesce(format('requests got no answer in a row (%s): one at a time probes', v_silent), 'it answers'), 'Look at https://resend-status.com and at the errors: select email_queue_list(''processing''); It goes on by itself.');
  return next email_queue_private.finding('cooldown', case when v_budget.cooldown_until > statement_timestamp() + interval '1 minute' then 'warn' else 'ok' end,
    case when v_budget.cooldown_until > statement_timestamp() then format('no request leaves before %s: %s', v_budget.cooldown_until, v_budget.cooldown_reason) else 'none' end,
    'A quota of Resend''s plan is used up: it goes on by itself, or after a larger plan: select email_queue_resume();');
  return next email_queue_private.finding('oldest message', case when v_due > 900 then 'fail' when v_due > 300 then 'warn' else 'ok' end,
    case when v_due > 0 then format('the oldest due e-mail has waited %s seconds', v_due) else 'nothing waits that is due' end,
    'The other findings say why. If none does, more is enqueued than the rate allows: see rate.');
  select count(*) into v_expired from email_queue_private.dispatch as d where d.token is not null and d.visible_at < statement_timestamp() - interval '2 minutes';
  return next email_queue_private.finding('expired leases', case when v_expired > 0 then 'fail' else 'ok' end,
    case when v_expired > 0 then format('%s dispatches have a lease that ran out, and no run has come to take them over', v_expired) else 'none' end,
    'select email_queue_call();');
  return next email_queue_private.finding('rate', case when v_budget.learned_limit < v_setting.rate_limit then 'warn' else 'ok' end,
    format('%s requests a second at most%s', v_setting.rate_limit, '; the provider allows ' || trim_scale(v_budget.learned_limit)),
    format('select email_queue_configure(''{"rate_limit": %s}''); or ask Resend for a higher limit', trim_scale(v_budget.learned_limit)));
end
$$;
comment on function email_queue_private.doctor_queue() is 'What waits, and what stands in the way.';

create function email_queue_private.doctor_settings() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender text := (email_queue_private.settings()).default_sender;
  v_role text;
  v_timeout text;
  v_max_rows text;
begin
  return next email_queue_private.finding('default sender', case when v_sender is null then 'warn' else 'ok' end,
    coalesce('@' || email_queue_private.sender_domain(to_jsonb(v_sender)), 'none: an e-mail without "from" is refused at enqueue'),
    'select email_queue_configure(''{"default_sender": "Name <address>"}'');');
  return next email_queue_private.finding('wake-up', 'ok', case when email_queue_private.wakes()
    then format('on: at most once in %s ms', (email_queue_private.wiring_now()).wake_every_ms) else 'off: mail waits for the schedule' end);
  -- A role has its own, or that of the role PostgREST logs in as.
  select s.role, s.value into v_role, v_timeout from (
    select r.rolname, split_part(c.line, '=', 2), r.rolname = 'service_role'
    from pg_catalog.pg_db_role_setting as d join pg_catalog.pg_roles as r on r.oid = d.setrole cross join unnest(d.setconfig) as c(line)
    where r.rolname in ('service_role', 'authenticator') and starts_with(c.line, 'statement_timeout=')) as s(role, value, own)
  order by s.own desc limit 1;
  return next email_queue_private.finding('statement timeout',
    case when v_timeout::interval < interval '5 seconds' and v_timeout::interval > interval '0' then 'warn' else 'ok' end,
    case when v_timeout is null then 'the server''s' else format('%s of the role %s', v_timeout, v_role) end,
    'alter role service_role set statement_timeout = ''8s''; notify pgrst, ''reload config'';');
  select split_part(c.line, '=', 2) into v_max_rows
  from pg_catalog.pg_db_role_setting as d join pg_catalog.pg_roles as r on r.oid = d.setrole cross join unnest(d.setconfig) as c(line)
  where r.rolname = 'authenticator' and starts_with(c.line, 'pgrst.db_max_rows=');
  return next email_queue_private.finding('max_rows', 'ok', coalesce(v_max_rows || ': ', '')
    || 'it cuts what is read of the view email_queue over HTTP; no function of the queue, which each give one value');
end
$$;
comment on function email_queue_private.doctor_settings() is 'Settings of the queue and of the roles that use it.';

-- Of a type of one's own. Dispatches are kept for a day.
create function email_queue_private.doctor_consumers() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_types text;
begin
  select string_agg(format('%s (%s, the oldest for %s seconds)', t.key, t.value ->> 'pending', t.value ->> 'oldest_due_seconds'), ', ' order by t.key) into v_types
  from jsonb_each(public.email_queue_stats() -> 'types') as t
  where t.key <> 'email' and (t.value ->> 'oldest_due_seconds')::numeric > 300
    and not exists (select 1 from email_queue_private.dispatch as d where d.type = t.key);
  return next email_queue_private.finding('consumers', case when v_types is null then 'ok' else 'warn' end,
    coalesce('nothing has dequeued these types in a day: ' || v_types, 'no other type waits in vain'),
    'Start their consumer (email_queue_dequeue). Where a type is mistyped, enqueue its messages again, then: select email_queue_cancel(id) from email_queue where type = ''…'';');
end
$$;
comment on function email_queue_private.doctor_consumers() is 'Types with messages that nobody takes.';

create function public.email_queue_doctor() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
  select jsonb_agg(f order by p.n, f.n)
  from unnest(array['doctor_schema', 'doctor_parts', 'doctor_identity', 'doctor_job', 'doctor_answers', 'doctor_runs', 'doctor_queue', 'doctor_consumers', 'doctor_settings']) with ordinality as p(part, n)
  cross join lateral jsonb_array_elements(email_queue_private.examine(p.part)) with ordinality as f(f, n)
$$;
comment on function public.email_queue_doctor() is
  'What is broken and what mends it: a list of {check, status: ok|warn|fail|skip, detail, remedy}. As rows: select f.* from jsonb_to_recordset(email_queue_doctor()) as f("check" text, status text, detail text, remedy text).';

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
notify pgrst, 'reload schema';
