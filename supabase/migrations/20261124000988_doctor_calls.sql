set standard_conforming_strings = on;

-- The doctor, of the calls: what pg_net does with them, what the function answered, what came of the runs. pg_net's tables are
-- empty after a crash, and its ids begin at 1 again; its answers are kept for pg_net.ttl, or until somebody deletes them.
-- So an answer that is not there says nothing, and what came before the crash is not looked at.

create function email_queue_private.answer_finding(p_call text, p_status integer, p_timed_out boolean, p_error text, p_content text, p_data jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_deploy text := 'supabase/functions/deploy.sh';
  v_logs text := 'Look at the function''s logs (dashboard: Edge Functions)';
  v_answer jsonb;
  v_detail text;
  v_remedy text;
begin
  begin
    v_answer := p_content::jsonb;
  exception when others then
    v_answer := null;
  end;
  case
    when p_timed_out or p_error ilike '%time%out%' then
      v_detail := 'timed out: the function answers a call before it works, so it does not start';
      v_remedy := v_logs;
    when p_status is null then
      v_detail := format('did not reach the function at %s: %s', coalesce(email_queue_private.identity_address((email_queue_private.read_secret('email_queue_url')).secret), 'its address'),
        coalesce(left(p_error, 200), 'no reason given'));
      v_remedy := 'If that address is right, wait: the schedule calls again, and https://status.supabase.com says more. If it is wrong: ' || v_deploy;
    when p_status = 401 and v_answer ->> 'code' like 'UNAUTHORIZED%' then
      v_detail := 'was refused (401) before it came to the function: Supabase checks for a JWT (verify_jwt)';
      v_remedy := v_deploy;
    when p_status = 401 then
      v_detail := 'was refused (401): the secret in Vault is not the function''s';
      v_remedy := v_deploy;
    when p_status = 404 then
      v_detail := 'found no function (404): it is not deployed, or email_queue_url is wrong';
      v_remedy := v_deploy;
    when p_status in (200, 202) and v_answer ? 'runId' then
      v_detail := 'was accepted';
    when p_status = 503 and v_answer ->> 'code' = 'busy' then
      v_detail := 'came to an isolate that takes no more runs: the next call starts another one';
    when p_status between 200 and 399 then
      v_detail := format('was answered by something else than the function (%s)', p_status);
      v_remedy := v_deploy;
    else
      v_detail := format('was answered with %s', p_status) || coalesce(': ' || left(coalesce(v_answer ->> 'error', v_answer ->> 'message'), 200), '');
      v_remedy := case when v_answer ->> 'code' = 'misconfigured' then 'Put right in .env what it names; then: ' || v_deploy else v_logs end;
  end case;
  return email_queue_private.finding('answers', case when v_remedy is null then 'ok' else 'fail' end, format('the call %s %s', p_call, v_detail), v_remedy, p_data);
end
$$;
comment on function email_queue_private.answer_finding(text, integer, boolean, text, text, jsonb) is 'What an answer of the function''s, or its absence, means.';

create function email_queue_private.doctor_answers() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_waiting timestamptz;
  v_queued bigint;
  v_patience interval;
  v_works boolean;
  v_id bigint;
  v_call text;
  v_status integer;
  v_timed_out boolean;
  v_error text;
  v_content text;
begin
  perform email_queue_private.check_caller();
  if not email_queue_private.has_extension('pg_net') or pg_is_in_recovery() then
    return;
  end if;
  -- It takes a batch of requests, and the next when the slowest of it has ended: anybody's.
  execute email_queue_private.external('select count(*), greatest(interval ''2 minutes'', least(2 * max(q.timeout_milliseconds), 900000) * interval ''1 millisecond'') from net.http_request_queue as q')
    into v_queued, v_patience;
  -- With our header: after a crash others' requests may have the ids of our calls.
  execute email_queue_private.external('select min(c.called_at) from net.http_request_queue as q join email_queue_private.call as c on c.request_id = q.id
    where q.headers ? ''X-Email-Queue-Cause'' and c.called_at < statement_timestamp() - $1') into v_waiting using v_patience;
  if v_waiting is not null then
    execute email_queue_private.external('select exists (select from net._http_response as r where r.created > statement_timestamp() - $1)') into v_works using v_patience;
    return next case
      when v_works then email_queue_private.finding('answers', 'warn', format('pg_net is busy: a call of %s waits among %s requests', v_waiting, v_queued),
        'Nothing to do for this queue: pg_net has one worker for all of the project, and others'' requests hold it up (net.http_request_queue)')
      else email_queue_private.finding('answers', 'fail', format('pg_net has taken no request since %s', v_waiting),
        case when to_regprocedure('net.worker_restart()') is null then 'Its worker has stopped, and this version of pg_net cannot restart it alone. Restart the database (dashboard: Project Settings, General)'
          else 'Its worker has stopped. If this does not help within a minute, restart the database: select net.worker_restart();' end) end;
    return;
  end if;
  execute email_queue_private.external('select c.request_id, format(''of %s (%s)'', c.called_at, c.cause), r.status_code, r.timed_out, r.error_msg, left(r.content, 2000)
    from email_queue_private.call as c join net._http_response as r on r.id = c.request_id and r.created >= c.called_at - interval ''1 minute''
    where c.called_at >= $1 order by c.called_at desc, c.request_id desc limit 1') into v_id, v_call, v_status, v_timed_out, v_error, v_content
  using email_queue_private.server_started();
  return next case when v_id is null then email_queue_private.finding('answers', 'ok', 'no answer to a call is kept')
    else email_queue_private.answer_finding(v_call, v_status, v_timed_out, v_error, v_content, jsonb_build_object('request_id', v_id)) end;
end
$$;
comment on function email_queue_private.doctor_answers() is 'What pg_net does with the calls, and got from the function.';

-- When a run was asked for last that should have started by now: the call was accepted, as far as is known.
create function email_queue_private.run_asked_for() returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_asked timestamptz;
begin
  if email_queue_private.has_extension('pg_net') and not pg_is_in_recovery() then
    execute email_queue_private.external('select max(c.called_at) from email_queue_private.call as c
      left join net._http_response as r on r.id = c.request_id and r.created >= c.called_at - interval ''1 minute''
      where c.called_at >= $1 and c.called_at < statement_timestamp() - interval ''1 minute'' and coalesce(r.status_code in (200, 202), r.id is null)
        and not exists (select from net.http_request_queue as q where q.id = c.request_id and q.headers ? ''X-Email-Queue-Cause'')') into v_asked
    using email_queue_private.server_started();
  end if;
  return v_asked;
end
$$;
comment on function email_queue_private.run_asked_for() is 'When a run was asked for last that should have started by now.';

-- A run sends its first call within seconds, and one that is under way a call at least every half a minute.
create function email_queue_private.doctor_runs() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_started timestamptz := email_queue_private.server_started();
  v_asked timestamptz;
  v_seen timestamptz;
  v_dead integer;
  v_all integer;
  v_run email_queue_private.run;
  v_limit text := 'Look at the function''s logs (dashboard: Edge Functions) for a limit: wall clock (EMAIL_QUEUE_WALL_SECONDS), CPU or memory';
begin
  perform email_queue_private.check_caller();
  v_asked := email_queue_private.run_asked_for();
  -- Of a run that was under way when the database went down, the end may not have been written.
  select max(greatest(r.last_seen_at, r.ended_at)),
    count(*) filter (where r.ended_at is null and r.last_seen_at between v_started and statement_timestamp() - interval '3 minutes' and r.started_at > statement_timestamp() - interval '1 hour'),
    count(*) filter (where r.started_at > statement_timestamp() - interval '1 hour')
  into v_seen, v_dead, v_all from email_queue_private.run as r;
  if v_asked > coalesce(v_seen, '-infinity') then
    return next email_queue_private.finding('runs', 'fail', format('a run was asked for at %s and never started; %s', v_asked,
      coalesce('the last sign of one is of ' || v_seen, 'none ever has')), 'Look at the function''s logs (dashboard: Edge Functions): whether the call came, and why no run reached this database');
    return;
  end if;
  select * into v_run from email_queue_private.run as r
  where r.ended_at is not null or r.last_seen_at between v_started and statement_timestamp() - interval '3 minutes' order by r.started_at desc, r.id desc limit 1;
  return next case
    when v_run.id is null then email_queue_private.finding('runs', 'ok', 'none has ended yet')
    when v_run.ended_at is null then email_queue_private.finding('runs', 'fail', format('the run of %s (%s) never ended: the last sign of it is of %s; it was killed, and its leases end by themselves',
      v_run.started_at, v_run.cause, v_run.last_seen_at), v_limit)
    when v_run.stopped in ('misconfigured', 'unavailable') then email_queue_private.finding('runs', 'fail', format('the run of %s (%s) ended as %s: %s',
      v_run.started_at, v_run.cause, v_run.stopped, coalesce(v_run.reason, 'the function''s log has the reason')), case v_run.stopped
        when 'misconfigured' then 'Put right in .env what the reason names (RESEND_API_KEY, a key of the project); then: supabase/functions/deploy.sh'
        else 'Nothing to do: the next run tries again. https://resend-status.com and https://status.supabase.com say more; to try now: select email_queue_call();' end)
    when v_dead > 0 then email_queue_private.finding('runs', 'warn', format('%s of the %s runs of the last hour never ended: they were killed', v_dead, v_all), v_limit)
    else email_queue_private.finding('runs', 'ok', format('the last one ended at %s as %s', v_run.ended_at, v_run.stopped || coalesce(': ' || v_run.reason, ''))) end;
end
$$;
comment on function email_queue_private.doctor_runs() is 'What came of the runs that were asked for.';

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
