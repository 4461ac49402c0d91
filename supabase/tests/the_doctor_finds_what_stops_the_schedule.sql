begin;
\ir helpers.psql
\ir extensions.psql
select plan(12);

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
update cron.job set active = false;
select is(pg_temp.finding('cron job'), 'fail: the cron job email-queue-run is switched off: nothing calls the function', 'switched off');
select is(pg_temp.remedy('cron job'), 'select email_queue_schedule(''* * * * *'');', 'with the schedule that it had');
delete from vault.secrets where name = 'email_queue_secret';
select is(pg_temp.finding('vault email_queue_secret'), 'fail: the Vault secret email_queue_secret is missing', 'no secret');
alter table cron.job rename column jobname to name;
select alike(pg_temp.finding('doctor_job'), 'fail: this check broke: %', 'a check that breaks is a finding, and the others go on');

select * from finish();
rollback;
