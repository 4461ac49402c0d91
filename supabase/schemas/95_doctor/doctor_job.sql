-- The doctor's checks of the schedule: the jobs of pg_cron and their last runs.

create function email_queue_private.doctor_job() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job record;
  v_other_id bigint;
  v_other_name text;
  v_other_owner text;
  v_other_command text;
  v_id bigint;
  v_line text;
  v_fault text;
  v_last timestamptz;
  v_status text;
  v_message text;
  v_called timestamptz := (select max(c.called_at) from email_queue_private.call as c);
  v_since timestamptz;
  v_late interval;
  v_schedule text;
begin
  perform email_queue_private.check_caller();
  if not email_queue_private.has_extension('pg_cron') then
    return;
  end if;
  for v_other_id, v_other_name, v_other_owner, v_other_command in execute email_queue_private.external('select j.jobid, j.jobname, j.username, j.command from cron.job as j
    where j.active and j.username <> current_user and exists (select from email_queue_private.jobs() as o
      where o.name = j.jobname or strpos(j.command, substring(o.command from ''email_queue_[a-z_.]+'')) > 0) order by j.jobid') loop
    return next email_queue_private.finding('other job', format('the role %s has a cron job %s of its own (%s)',
      v_other_owner, v_other_name, left(v_other_command, 200)), null, format('As the role %s: select cron.unschedule(%s);', v_other_owner, v_other_id), 'warn');
  end loop;
  select * into v_id, v_line, v_fault from email_queue_private.job_fault('email-queue-run');
  v_schedule := email_queue_private.schedule_remedy(v_line);
  if v_fault is not null then
    return next email_queue_private.finding('cron job', format('the cron job email-queue-run %s: nothing calls the function', v_fault), null,
      case when email_queue_private.parts_remedy() like '%.sh' then email_queue_private.parts_remedy() else v_schedule end);
    return;
  end if;
  return next email_queue_private.finding('cron job', null, v_line);

  execute email_queue_private.external('select d.start_time, d.status, d.return_message from cron.job_run_details as d where d.jobid = $1 order by d.runid desc limit 1')
    into v_last, v_status, v_message using v_id;
  -- pg_cron's log may have been emptied, or be off; and while the database was down nothing was due.
  v_since := greatest((email_queue_private.wiring_now()).scheduled_at, v_last, v_called, email_queue_private.server_started());
  v_late := greatest(3 * email_queue_private.cron_seconds(v_line), case when email_queue_private.cron_seconds(v_line) is not null then 120 end) * interval '1 second';
  return next case
    when v_since < statement_timestamp() - v_late and coalesce(current_setting('cron.log_run', true), 'on') = 'on' then
      email_queue_private.finding('cron runs', format('pg_cron has not run the job since %s', v_since), null,
        'Its scheduler has stopped. Restart the database (dashboard: Project Settings, General). On a server of your own, check shared_preload_libraries and cron.database_name')
    when v_status = 'failed' and v_message ~ 'ERROR' and v_called > v_last then
      email_queue_private.finding('cron runs', null, format('the last run failed (%s), but a later call succeeded', left(v_message, 300)))
    when v_status = 'failed' and email_queue_private.failure_remedy(v_message) is not null then
      email_queue_private.finding('cron runs', 'the last run failed: ' || left(v_message, 300), null, email_queue_private.failure_remedy(v_message))
    when v_last is null then email_queue_private.finding('cron runs', null, 'none is due yet')
    else email_queue_private.finding('cron runs', null, format('the last began at %s', v_last)) end;

  for v_job in select * from email_queue_private.jobs() as j where j.line is not null loop
    select * into v_id, v_line, v_fault from email_queue_private.job_fault(v_job.name);
    return next email_queue_private.finding(replace(v_job.name, 'email-queue-', 'cron job '),
      'the cron job ' || v_job.name || ' ' || v_fault || case v_job.name when 'email-queue-retention' then ': messages past their retention are not deleted'
        else ': pg_cron''s log of these jobs grows' end, v_line, v_schedule, 'warn');
  end loop;
end
$$;
comment on function email_queue_private.doctor_job() is 'The jobs of pg_cron, and the last run of the one that calls the function.';
