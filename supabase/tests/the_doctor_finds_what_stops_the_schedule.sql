begin;
\ir helpers.psql
\ir extensions.psql
select plan(18);

select is(pg_temp.finding('cron job'), 'fail: the cron job email-queue-run is missing: nothing calls the function', 'no job');
select is(pg_temp.remedy('cron job'), 'select email_queue_schedule(''10 seconds'');', 'and what makes it');
select public.email_queue_schedule('1 minute');
select is(pg_temp.finding('cron job'), 'ok: * * * * *', 'scheduled');
select is(pg_temp.finding('cron runs'), 'ok: none is due yet', 'it has not run yet');
update email_queue_private.wiring set scheduled_at = scheduled_at - interval '10 minutes';
select alike(pg_temp.finding('cron runs'), 'fail: pg_cron has not run the job since %', 'it has not run for long');
insert into cron.job_run_details (jobid, command, status, return_message, start_time)
  select jobid, command, 'failed', 'no such function', clock_timestamp() from cron.job where jobname = 'email-queue-run';
select is(pg_temp.finding('cron runs'), 'fail: the last run failed: no such function', 'a run that failed');
insert into cron.job_run_details (jobid, command, status, start_time) select jobid, command, 'succeeded', clock_timestamp() from cron.job where jobname = 'email-queue-run';
select alike(pg_temp.finding('cron runs'), 'ok: the last began at %', 'and one that did not');
update cron.job_run_details set start_time = start_time - interval '4 minutes';
select alike(pg_temp.finding('cron runs'), 'fail: pg_cron has not run the job since %', 'it has stopped');
update email_queue_private.wiring set scheduled_at = scheduled_at - interval '3 days';
update cron.job set schedule = '0 3 * * 1-5' where jobname = 'email-queue-run';
select alike(pg_temp.finding('cron runs'), 'ok: %', 'of a line that says no plain interval nothing is said');
update cron.job set schedule = '0 3 * * *' where jobname = 'email-queue-run';
update cron.job_run_details set start_time = start_time - interval '23 hours';
select alike(pg_temp.finding('cron runs'), 'ok: %', 'a daily one may be a day old');
update cron.job set schedule = '* * * * *' where jobname = 'email-queue-run';
select alike(pg_temp.finding('cron runs'), 'fail: %', 'one of every minute may not');
truncate cron.job_run_details;
insert into email_queue_private.call values (1, clock_timestamp(), 'schedule');
select alike(pg_temp.finding('cron runs'), 'ok: %', 'an emptied log says nothing where there are calls');
delete from email_queue_private.call;
update cron.job set command = 'select 1' where jobname = 'email-queue-retention';
select alike(pg_temp.finding('cron job retention'), 'warn: the cron job email-queue-retention runs something else: %', 'another command');
delete from cron.job where jobname = 'email-queue-cron-log';
select alike(pg_temp.finding('cron job cron-log'), 'warn: the cron job email-queue-cron-log is missing: %', 'a job of the other two');
update cron.job set active = false;
select is(pg_temp.finding('cron job'), 'fail: the cron job email-queue-run is switched off: nothing calls the function', 'switched off');
select is(pg_temp.remedy('cron job'), 'select email_queue_schedule(''* * * * *'');', 'with the schedule that it had');
delete from vault.secrets where name = 'email_queue_secret';
select is(pg_temp.finding('vault email_queue_secret'), 'fail: the Vault secret email_queue_secret is missing', 'no secret');
alter table cron.job rename column jobname to name;
select alike(pg_temp.finding('doctor_job'), 'fail: this check failed with an error: %', 'a check that breaks is a finding, and the others go on');

select * from finish();
rollback;
