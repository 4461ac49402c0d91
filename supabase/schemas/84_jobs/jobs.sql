-- The jobs of pg_cron: calling the function, retention, and the log that pg_cron itself never empties.

-- line: null for the job that runs at the schedule's line.
create function email_queue_private.jobs() returns table (name text, line text, command text)
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  values ('email-queue-run', null, 'select public.email_queue_call(p_cause => ''schedule''::text)'),
    ('email-queue-retention', '7-59/10 * * * *', 'select email_queue_private.retain()'),
    ('email-queue-cron-log', '23 * * * *', 'select email_queue_private.prune_cron_log()')
$$;
comment on function email_queue_private.jobs() is 'Our jobs of pg_cron.';
