-- How long mail may wait for the next call although nothing is wrong.
create function email_queue_private.call_seconds() returns integer
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when w.cron_line is null then 0 else coalesce(email_queue_private.cron_seconds(w.cron_line), 86400) end
  from email_queue_private.wiring_now() as w
$$;
comment on function email_queue_private.call_seconds() is 'Seconds between two calls of the schedule: a day if the line does not show it plainly, 0 without a schedule.';
