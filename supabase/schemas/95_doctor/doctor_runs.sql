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
    return next email_queue_private.finding('runs', format('a run was asked for at %s and did not start; %s', v_asked,
      coalesce('the last sign of a run is of ' || v_seen, 'no run has ever started')), null, 'Look at the function''s logs (dashboard: Edge Functions): whether the call arrived, and why no run reached this database');
    return;
  end if;
  select * into v_run from email_queue_private.run as r
  where r.ended_at is not null or r.last_seen_at between v_started and statement_timestamp() - interval '3 minutes' order by r.started_at desc, r.id desc limit 1;
  return next case
    when v_run.id is null then email_queue_private.finding('runs', null, 'none has ended yet')
    when v_run.ended_at is null then email_queue_private.finding('runs', format('the run of %s (%s) never ended: its last sign is of %s. It was killed, and its leases expire by themselves',
      v_run.started_at, v_run.cause, v_run.last_seen_at), null, v_limit)
    when v_run.stopped in ('misconfigured', 'unavailable') then email_queue_private.finding('runs', format('the run of %s (%s) ended as %s: %s',
      v_run.started_at, v_run.cause, v_run.stopped, coalesce(v_run.reason, 'the function''s log has the reason')), null, case v_run.stopped
        when 'misconfigured' then 'Correct in .env what the reason names (RESEND_API_KEY, a key of the project); then: email-queue deploy'
        else 'Nothing to do: the next run tries again. The status pages are https://resend-status.com and https://status.supabase.com. To try now: select email_queue_call();' end)
    when v_dead > 0 then email_queue_private.finding('runs', format('%s of the %s runs of the last hour never ended: they were killed', v_dead, v_all), null, v_limit, 'warn')
    else email_queue_private.finding('runs', null, format('the last one ended at %s as %s', v_run.ended_at, v_run.stopped || coalesce(': ' || v_run.reason, ''))) end;
end
$$;
comment on function email_queue_private.doctor_runs() is 'How the requested runs ended.';
