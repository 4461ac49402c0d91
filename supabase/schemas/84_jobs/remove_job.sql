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
comment on function email_queue_private.remove_job(text) is 'Removes a job of pg_cron; false if the job does not exist.';
