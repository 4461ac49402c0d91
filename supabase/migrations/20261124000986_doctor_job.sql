set standard_conforming_strings = on;

-- The doctor, of the schedule: the jobs of pg_cron and their last runs.

-- How many seconds lie between two runs of a line of cron; null where that is not plain to see.
create function email_queue_private.cron_seconds(p_line text) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_line ~ '^[0-9]+ seconds$' then split_part(p_line, ' ', 1)::integer
    when p_line = '* * * * *' then 60
    when p_line ~ '^([*]|[0-9]+-59)/[0-9]+ [*] [*] [*] [*]$' then substring(p_line from '/([0-9]+)')::integer * 60
    when p_line ~ '^[0-9]+ [*] [*] [*] [*]$' then 3600
    when p_line ~ '^[0-9]+ [*]/[0-9]+ [*] [*] [*]$' then substring(p_line from '/([0-9]+)')::integer * 3600
    when p_line ~ '^[0-9]+ [0-9]+ [*] [*] [*]$' then 86400
  end
$$;
comment on function email_queue_private.cron_seconds(text) is 'Seconds between two runs of a schedule, where that is plain to see.';

-- How long mail may wait for the next call although all is well.
create function email_queue_private.call_seconds() returns integer
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when w.cron_line is null then 0 else coalesce(email_queue_private.cron_seconds(w.cron_line), 86400) end
  from email_queue_private.wiring_now() as w
$$;
comment on function email_queue_private.call_seconds() is 'Seconds between two calls of the schedule: a day where that is not plain to see, 0 where there is none.';

-- After a crash too, of which the postmaster is the one process that outlives it.
create function email_queue_private.server_started() returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select greatest(pg_postmaster_start_time(), (select max(a.backend_start) from pg_catalog.pg_stat_activity as a where a.backend_type = 'checkpointer'))
$$;
comment on function email_queue_private.server_started() is 'When the database was started, or recovered from a crash, last.';

-- Scheduling as it is, or was, or by default.
create function email_queue_private.schedule_remedy(p_line text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_line text;
begin
  foreach v_line in array array_remove(array[p_line, (email_queue_private.wiring_now()).cron_line], null) loop
    begin
      return format('select email_queue_schedule(%L);', email_queue_private.cron_line(v_line));
    exception when invalid_parameter_value then
      continue; -- pg_cron takes more than we do.
    end;
  end loop;
  -- pg_cron before 1.5 knows no seconds.
  return format('select email_queue_schedule(%L);', case when exists (
    select from pg_catalog.pg_extension as e where e.extname = 'pg_cron' and e.extversion ~ '^(0|1[.][0-4])([^0-9]|$)') then '1 minute' else '10 seconds' end);
end
$$;
comment on function email_queue_private.schedule_remedy(text) is 'The call that schedules by a line, where there is one, else by the last one.';

-- What one of our jobs is like: null where it is as it should be.
create function email_queue_private.job_fault(p_name text, out id bigint, out line text, out fault text)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_active boolean;
  v_command text;
  v_database text;
begin
  execute email_queue_private.external('select j.jobid, j.schedule, j.active, j.command, j.database from cron.job as j where j.jobname = $1 and j.username = current_user')
    into id, line, v_active, v_command, v_database using p_name;
  fault := case
    when id is null then 'is missing'
    when not v_active then 'is switched off'
    when v_command is distinct from (select j.command from email_queue_private.jobs() as j where j.name = p_name) then 'runs something else'
    when v_database is distinct from current_database() then format('runs in the database %s', v_database) end;
end
$$;
comment on function email_queue_private.job_fault(text) is 'A job of ours: its id, its line, and what is wrong with it.';

-- What to do about a run that failed; null where what it missed is there by now.
create function email_queue_private.failure_remedy(p_message text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_message ~ 'email_queue: the (extension|Vault secret) ' then email_queue_private.parts_remedy()
    when p_message ~ 'read-only transaction' then 'After what is said under "writable": select email_queue_call();'
    when p_message ~ 'ERROR' then 'To see whether it still does, and if not, to end this: select email_queue_call();'
    else 'pg_cron could not run it, and tries again by itself. On a server of your own its log, cron.host, pg_hba.conf and max_connections say why' end
$$;
comment on function email_queue_private.failure_remedy(text) is 'What to do about a failed run of the job that calls the function.';

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
    return next email_queue_private.finding('other job', 'warn', format('the role %s has a cron job %s of its own (%s)',
      v_other_owner, v_other_name, left(v_other_command, 200)), format('As the role %s: select cron.unschedule(%s);', v_other_owner, v_other_id));
  end loop;
  select * into v_id, v_line, v_fault from email_queue_private.job_fault('email-queue-run');
  v_schedule := email_queue_private.schedule_remedy(v_line);
  if v_fault is not null then
    return next email_queue_private.finding('cron job', 'fail', format('the cron job email-queue-run %s: nothing calls the function', v_fault),
      case when email_queue_private.parts_remedy() like '%.sh' then email_queue_private.parts_remedy() else v_schedule end);
    return;
  end if;
  return next email_queue_private.finding('cron job', 'ok', v_line);

  execute email_queue_private.external('select d.start_time, d.status, d.return_message from cron.job_run_details as d where d.jobid = $1 order by d.runid desc limit 1')
    into v_last, v_status, v_message using v_id;
  -- pg_cron's log may have been emptied, or be off; and while the database was down nothing was due.
  v_since := greatest((email_queue_private.wiring_now()).scheduled_at, v_last, v_called, email_queue_private.server_started());
  v_late := greatest(3 * email_queue_private.cron_seconds(v_line), case when email_queue_private.cron_seconds(v_line) is not null then 120 end) * interval '1 second';
  return next case
    when v_since < statement_timestamp() - v_late and coalesce(current_setting('cron.log_run', true), 'on') = 'on' then
      email_queue_private.finding('cron runs', 'fail', format('pg_cron has not run the job since %s', v_since),
        'Its scheduler has stopped. Restart the database (dashboard: Project Settings, General). On a server of your own: shared_preload_libraries and cron.database_name')
    when v_status = 'failed' and v_message ~ 'ERROR' and v_called > v_last then
      email_queue_private.finding('cron runs', 'ok', format('the last run failed (%s), and a call since then went well', left(v_message, 300)))
    when v_status = 'failed' and email_queue_private.failure_remedy(v_message) is not null then
      email_queue_private.finding('cron runs', 'fail', 'the last run failed: ' || left(v_message, 300), email_queue_private.failure_remedy(v_message))
    when v_last is null then email_queue_private.finding('cron runs', 'ok', 'none is due yet')
    else email_queue_private.finding('cron runs', 'ok', format('the last began at %s', v_last)) end;

  for v_job in select * from email_queue_private.jobs() as j where j.line is not null loop
    select * into v_id, v_line, v_fault from email_queue_private.job_fault(v_job.name);
    return next email_queue_private.finding(replace(v_job.name, 'email-queue-', 'cron job '), case when v_fault is null then 'ok' else 'warn' end,
      case when v_fault is null then v_line else format('the cron job %s %s: %s', v_job.name, v_fault, case v_job.name
        when 'email-queue-retention' then 'nothing is deleted after its time' else 'pg_cron''s log of these jobs grows' end) end, v_schedule);
  end loop;
end
$$;
comment on function email_queue_private.doctor_job() is 'The jobs of pg_cron, and the last run of the one that calls the function.';

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
