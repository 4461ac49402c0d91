begin;
\ir helpers.psql
\ir extensions.psql
select plan(13);

select is(public.email_queue_schedule(), '{"schedule": "10 seconds", "changed": true}', 'every ten seconds, unless told otherwise');
select is((select array_agg(jobname || ' ' || schedule order by jobname) from cron.job),
  '{"email-queue-cron-log 23 * * * *","email-queue-retention 7-59/10 * * * *","email-queue-run 10 seconds"}', 'with retention, and pg_cron''s own log');
create temp table before as select * from cron.job;
select is(public.email_queue_schedule() -> 'changed', 'false', 'scheduling again');
select is((select count(*)::integer from (select * from cron.job except select * from before) as x), 0, 'changes nothing');
select is(public.email_queue_schedule('5 minutes') - 'changed', '{"schedule": "*/5 * * * *"}', 'an interval becomes a line of cron; a time-out is taken and ignored');
update cron.job set active = false;
select is(public.email_queue_schedule('*/5 * * * 1-5') ->> 'schedule', '*/5 * * * 1-5', 'a line of cron stays as it is');
select is((select bool_and(active) from cron.job), true, 'and what was switched off is on again');

-- What the jobs run.
select pg_temp.mail();
do $$ declare v_command text; begin for v_command in select command from cron.job loop execute v_command; end loop; end $$;
select is((select method || ' ' || url || ' ' || (headers ->> 'Authorization') || ' ' || (headers ->> 'Prefer') || ' ' || (headers ->> 'X-Email-Queue-Cause') || ' ' || timeout_milliseconds from net.http_request_queue),
  'POST https://x.example/functions/v1/process-email-queue Bearer the-secret-of-the-tests respond-async schedule 5000', 'the job posts the secret to the address in Vault, and does not hold pg_net while the function works');
select is((select cause from email_queue_private.call), 'schedule', 'it is noted why');
insert into cron.job_run_details (jobid, command, start_time) select 1, j.command, now() - age from cron.job as j, unnest(array[interval '2 days', interval '0']) as age where j.jobname = 'email-queue-run';
insert into cron.job_run_details (jobid, command, start_time) values
  (8, 'select public.email_queue_enqueue(''{}'')', now() - interval '2 days'), (9, 'select theirs()', now() - interval '2 days');
select is(email_queue_private.prune_cron_log(), 1::bigint, 'the log loses our old lines');
select is((select count(*)::integer from cron.job_run_details), 3, 'and nobody else''s, also of a job that enqueues');

select is(public.email_queue_unschedule() -> 'removed', 'true', 'unscheduled');
select is(public.email_queue_unschedule() -> 'removed', 'false', 'once is enough');

select * from finish();
rollback;
