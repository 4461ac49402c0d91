set standard_conforming_strings = on;

-- The jobs of pg_cron: calling the function, retention, and the log that pg_cron itself never empties.

-- An interval as pg_cron writes it. A line of five fields is pg_cron's to check.
create function email_queue_private.cron_line(p_every text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_seconds numeric;
  v_line text;
begin
  if p_every ~ '^[[:space:]]*[0-9*/,A-Za-z-]+([[:space:]]+[0-9*/,A-Za-z$-]+){4}[[:space:]]*$' then
    return btrim(p_every);
  end if;
  begin
    v_seconds := extract(epoch from p_every::interval);
    v_line := case
      when v_seconds < 1 then null
      when v_seconds < 60 and v_seconds % 1 = 0 then v_seconds::integer || ' seconds'
      when v_seconds = 60 then '* * * * *'
      when v_seconds < 3600 and v_seconds % 60 = 0 and 3600 % v_seconds = 0 then format('*/%s * * * *', (v_seconds / 60)::integer)
      when v_seconds = 3600 then '0 * * * *'
      when v_seconds < 86400 and v_seconds % 3600 = 0 and 86400 % v_seconds = 0 then format('0 */%s * * *', (v_seconds / 3600)::integer)
      when v_seconds = 86400 then '0 0 * * *'
    end;
  exception when data_exception then
    null;
  end;
  if v_line is null then
    perform email_queue_private.refuse('every',
      'must be 1 to 59 seconds, minutes that divide an hour, hours that divide a day, or a cron line of five fields');
  end if;
  return v_line;
end
$$;
comment on function email_queue_private.cron_line(text) is 'An interval, or a cron line, as pg_cron takes it; or an error that names the field.';

-- line: null where the schedule's is to be.
create function email_queue_private.jobs() returns table (name text, line text, command text)
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  values ('email-queue-run', null, 'select public.email_queue_call(p_cause => ''schedule''::text)'),
    ('email-queue-retention', '7-59/10 * * * *', 'select email_queue_private.retain()'),
    ('email-queue-cron-log', '23 * * * *', 'select email_queue_private.prune_cron_log()')
$$;
comment on function email_queue_private.jobs() is 'Our jobs of pg_cron.';

-- Leaves a job that is as it should be, so that scheduling twice changes nothing, and keeps the present line of one that has
-- its own. A name is taken for each role by itself: another role's job is not ours.
create function email_queue_private.ensure_job(p_name text, p_line text, p_default text, p_command text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_present text;
  v_line text;
  v_as_it_should boolean;
begin
  execute email_queue_private.external('select j.schedule, j.active and j.command = $2 and j.database = current_database()
    from cron.job as j where j.jobname = $1 and j.username = current_user') into v_present, v_as_it_should using p_name, p_command;
  v_line := coalesce(p_line, v_present, p_default);
  if v_as_it_should and v_present = v_line then
    return false;
  end if;
  -- Scheduling by a name that is there would leave the job switched off where somebody did that.
  perform email_queue_private.remove_job(p_name);
  begin
    execute email_queue_private.external('select cron.schedule($1, $2, $3)') using p_name, v_line, p_command;
  exception when others then
    if sqlerrm not ilike '%invalid schedule%' then
      raise;
    end if;
    perform email_queue_private.refuse('every', format('pg_cron does not take "%s": %s%s', v_line, sqlerrm,
      case when v_line like '%seconds' then ' (pg_cron before 1.5 knows no seconds: use ''1 minute'')' else '' end));
  end;
  return true;
end
$$;
comment on function email_queue_private.ensure_job(text, text, text, text) is 'Schedules a job of pg_cron; false where it is there already.';

create function email_queue_private.remove_job(p_name text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_removed bigint;
begin
  -- By id: in old versions of pg_cron the name is of another type.
  execute email_queue_private.external('select count(cron.unschedule(j.jobid)) from cron.job as j where j.jobname = $1 and j.username = current_user')
    into v_removed using p_name;
  return v_removed > 0;
end
$$;
comment on function email_queue_private.remove_job(text) is 'Removes a job of pg_cron; false where there is none.';

create function email_queue_private.prune_cron_log() returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_deleted bigint;
begin
  -- Our own lines only: what others keep is theirs.
  execute email_queue_private.external('delete from cron.job_run_details as d where strpos(d.command, ''email_queue_'') > 0 and d.start_time < clock_timestamp() - interval ''1 day''');
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;
comment on function email_queue_private.prune_cron_log() is 'Deletes what pg_cron has logged of our jobs more than a day ago.';

-- Every ten minutes: what is past its time goes, and grants that were lost come back.
create function email_queue_private.retain() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.mend_grants();
  return public.email_queue_prune(p_limit => 10000);
end
$$;
comment on function email_queue_private.retain() is 'The retention job: prunes, and puts grants right.';

-- p_timeout_seconds: of no effect any more. pg_net waited so long for a run; now the function answers at once.
create function public.email_queue_schedule(p_every text default '10 seconds', p_timeout_seconds integer default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_line text;
  v_job record;
  v_changed boolean := false;
begin
  perform email_queue_private.check_caller();
  if p_timeout_seconds is not null then
    raise notice 'email_queue: p_timeout_seconds has no effect any more: the function answers a call at once';
  end if;
  v_line := email_queue_private.cron_line(p_every);
  perform email_queue_private.need_extension('pg_cron'), email_queue_private.need_extension('pg_net'),
    email_queue_private.vault_secret('email_queue_url'), email_queue_private.vault_secret('email_queue_secret');
  for v_job in select * from email_queue_private.jobs() loop
    v_changed := email_queue_private.ensure_job(v_job.name, case when v_job.line is null then v_line end, v_job.line, v_job.command) or v_changed;
  end loop;
  insert into email_queue_private.wiring default values on conflict do nothing;
  update email_queue_private.wiring
  set cron_line = v_line, scheduled_at = case when v_changed then clock_timestamp() else scheduled_at end
  where singleton and (v_changed or cron_line is distinct from v_line);
  return jsonb_build_object('schedule', v_line, 'changed', v_changed or found);
end
$$;
comment on function public.email_queue_schedule(text, integer) is
  'Has pg_cron call the function every so often ("10 seconds", "5 minutes", or a cron line), and do retention. Answers {schedule, changed}.';

create function public.email_queue_unschedule() returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_name text;
  v_removed boolean := false;
begin
  perform email_queue_private.check_caller();
  if email_queue_private.has_extension('pg_cron') then
    for v_name in select j.name from email_queue_private.jobs() as j loop
      v_removed := email_queue_private.remove_job(v_name) or v_removed;
    end loop;
  end if;
  update email_queue_private.wiring set cron_line = null, scheduled_at = null where cron_line is not null;
  return jsonb_build_object('removed', v_removed);
end
$$;
comment on function public.email_queue_unschedule() is 'Removes the jobs of email_queue_schedule. Answers {removed}.';

call email_queue_private.apply_grants();
