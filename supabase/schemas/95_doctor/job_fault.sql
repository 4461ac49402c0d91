-- A job of the queue: what is wrong with it, or null.
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
