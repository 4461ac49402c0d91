create function email_queue_private.prune_cron_log() returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_deleted bigint;
begin
  -- Our own lines only: what others keep is theirs.
  execute email_queue_private.external('delete from cron.job_run_details as d where d.command in (select o.command from email_queue_private.jobs() as o) and d.start_time < clock_timestamp() - interval ''1 day''');
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;
comment on function email_queue_private.prune_cron_log() is 'Deletes what pg_cron has logged of our jobs more than a day ago.';
