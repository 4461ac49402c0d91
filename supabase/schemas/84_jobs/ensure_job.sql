-- Leaves a correct job alone, so that scheduling twice changes nothing, and keeps a line that an operator has set. Each role has names of
-- its own: another role's job of the same name is not the queue's.
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
comment on function email_queue_private.ensure_job(text, text, text, text) is 'Schedules a job of pg_cron; false if it is there already.';
