begin;
\ir helpers.psql
\ir extensions.psql
select plan(23);

select is((select array_agg(f ->> 'check') from jsonb_array_elements(public.email_queue_doctor()) as f
  where f ->> 'status' not in ('ok', 'skip') and f ->> 'check' not in ('connection', 'cron job', 'schema', 'grants')), null, 'nothing does');
select public.email_queue_pause('403 invalid_api_key');
select is(pg_temp.finding('pause'), 'fail: the queue is paused: 403 invalid_api_key', 'a pause, with its reason');
select alike(pg_temp.remedy('pause'), 'Resend refuses the account or its key. After that is corrected %: select email_queue_resume();', 'and what ends it');
select public.email_queue_resume(), public.email_queue_pause('maintenance', null, 60);
select is(pg_temp.remedy('pause'), 'It ends by itself then. It was paused by hand. To go on: select email_queue_resume();', 'an operator''s waits for the operator');
select public.email_queue_resume(), public.email_queue_pause('429 monthly_quota_exceeded');
select alike(pg_temp.remedy('pause'), 'A quota of Resend''s plan is used up.%: select email_queue_resume();', 'a quota for a plan');
select public.email_queue_resume(), public.email_queue_pause('403 validation_error: not verified', 'b.example');
select is(pg_temp.remedy('paused domain'), 'Verify the domain with Resend (https://resend.com/domains); then: select email_queue_resume(''b.example'');', 'a refused domain for its proof');
select public.email_queue_resume(), public.email_queue_pause('not verified', 'b.example');
select is(pg_temp.finding('paused domain'), 'fail: b.example is paused: not verified', 'a paused domain');
select alike(pg_temp.remedy('paused domain'), '%select email_queue_resume(''b.example'');', 'and what ends that');
select public.email_queue_resume('b.example');
select is(pg_temp.finding('paused domain'), null, 'ended');

select pg_temp.mail();
update email_queue_private.ready set run_at = run_at - interval '6 minutes';
select alike(pg_temp.finding('oldest message'), 'warn: the oldest due e-mail has waited 36_ seconds', 'a message waits');
update email_queue_private.ready set run_at = run_at - interval '10 minutes';
select alike(pg_temp.finding('oldest message'), 'fail: %', 'too long');
insert into email_queue_private.dispatch (id, created_at, updated_at, settled_at, bytes, priority, attempts_allowed, type, lane, message_ids, member_attempts)
  values (gen_random_uuid(), now(), now(), now() - interval '1 minute', 0, 2, 1, 'email', 'batch:a.example', '{}', '{}');
select alike(pg_temp.finding('oldest message'), 'ok: the oldest due e-mail has waited % seconds, while mail is being sent', 'a backlog that is worked off is no fault');
update email_queue_private.dispatch set settled_at = settled_at - interval '2 minutes';
update email_queue_private.wiring set cron_line = '0 * * * *';
select alike(pg_temp.finding('oldest message'), 'ok: %', 'nor is what waits for the schedule''s next hour');
update email_queue_private.wiring set cron_line = null;
select is(pg_temp.finding('expired leases'), 'ok: none', 'no lease ran out');
select pg_temp.expire(pg_temp.claim(1));
select is(pg_temp.finding('expired leases'), 'ok: none', 'the next run takes over what ran out just now');
update email_queue_private.dispatch set visible_at = visible_at - interval '3 minutes';
select alike(pg_temp.finding('expired leases'), 'fail: the leases of 1 dispatches have expired%', 'if there is a next run');

update email_queue_private.budget set learned_limit = 5;
select is(pg_temp.finding('rate'), 'ok: 1000 requests a second at most; the provider allows 5, and no more are sent', 'a ceiling above the provider''s is no fault');
select is(pg_temp.finding('provider'), 'ok: it answers', 'a provider that answers');
insert into email_queue_private.breaker (scope, streak, next_at)
  select scope, streak, clock_timestamp() + interval '1 minute' from (values ('batch:', 3), ('batch:b.example', 4), ('batch:c.example', 2)) as b(scope, streak);
select alike(pg_temp.finding('provider'), 'fail: several requests in a row got no answer (3 of batch:, 4 of batch:b.example): %', 'a provider that does not answer');
delete from email_queue_private.dispatch where true;
update email_queue_private.breaker set next_at = clock_timestamp() - interval '1 minute' where true;
select is(pg_temp.finding('provider'), 'ok: it answers', 'where no mail waits for an answer any more, what was is no fault');
update email_queue_private.budget set cooldown_until = clock_timestamp() + interval '1 hour', cooldown_reason = 'daily_quota_exceeded';
select alike(pg_temp.finding('cooldown'), 'warn: no request leaves before %: daily_quota_exceeded', 'a quota that is used up');
update email_queue_private.setting set default_sender = null;
select alike(pg_temp.finding('default sender'), 'warn: none%', 'no default sender');
alter role service_role set statement_timeout = '2s';
select is(pg_temp.finding('statement timeout'), 'warn: 2s of the role service_role', 'a statement timeout that is too short');

select * from finish();
rollback;
