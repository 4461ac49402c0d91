begin;
\ir helpers.psql
\ir extensions.psql
\ir auth.psql
\ir buffers.psql
select plan(17);

-- How much longer the mails have waited.
create function pg_temp.ages(p_by interval) returns void language sql as $$
  update email_queue_private.ready set run_at = run_at - p_by where true;
  update email_queue_private.message set created_at = created_at - p_by where true;
$$;

select is(pg_temp.finding('auth mail'), null, 'where Auth does not use the queue, nothing is said');
select pg_temp.mail('{"priority": 0}');
select is(pg_temp.finding('auth mail'), null, 'urgent mail of others is none of Auth''s');
select pg_temp.hook(pg_temp.event('signup'));
select matches(pg_temp.finding('auth mail'), '^ok: the oldest mail of Supabase Auth has waited \d+ seconds', 'it has just come');
select is(pg_temp.finding('expired auth mail'), 'ok: none in the last day', 'none has expired');
select pg_temp.ages('2 minutes');
select matches(pg_temp.finding('auth mail'), '^warn: the oldest mail of Supabase Auth has waited 12\d seconds, and a user with it$', 'it waits too long');
select pg_temp.mail('{"priority": 0, "secret": true}');
select pg_temp.ages('6 minutes');
select matches(pg_temp.finding('auth mail'), '^fail: the oldest mail of Supabase Auth has waited 48\d seconds', 'sign-ups stand still');
select alike(pg_temp.remedy('auth mail'), '%: select email_queue_call();', 'and what helps');

select pg_temp.claim(1);
select matches(pg_temp.finding('auth mail'), '^fail: .* 48\d seconds', 'one that is under way has not arrived, either');
update email_queue_private.dispatch set settled_at = clock_timestamp(), visible_at = null, token = null, begun = false where true;
update email_queue_private.message set status = 'completed', completed_at = clock_timestamp(), attempts = 1 where metadata ? 'auth';
select matches(pg_temp.finding('auth mail'), '^ok: none waits; the last one was enqueued at ', 'it has gone');

update email_queue_private.message set status = 'failed', reason = 'expired' where metadata ? 'auth';
select matches(pg_temp.finding('expired auth mail'), '^warn: 1 mails of Supabase Auth were not sent in the last day', 'its link was no longer valid');
update email_queue_private.message set completed_at = completed_at - interval '25 hours' where metadata ? 'auth';
select is(pg_temp.finding('expired auth mail'), 'ok: none in the last day', 'it is not told for ever');

select is(pg_temp.finding('failed auth mail'), 'ok: none in the last day', 'that it expired is no other fault');
update email_queue_private.message set status = 'failed', reason = 'rejected', completed_at = clock_timestamp(),
  errors = '[{"class": "refused", "status": 500, "message": null}, {"class": "rejected", "status": 422, "name": "validation_error", "message": null}]' where metadata ? 'auth';
select matches(pg_temp.finding('failed auth mail'), '^warn: 1 mails of Supabase Auth failed in the last day; the last one at .*: rejected, 422 validation_error$', 'it was rejected');
select matches(pg_temp.remedy('failed auth mail'), '^Correct what the error names', 'and what helps');
update email_queue_private.message set completed_at = completed_at - interval '25 hours' where metadata ? 'auth';
select is(pg_temp.finding('failed auth mail'), 'ok: none in the last day', 'that is not told for ever, either');

revoke execute on function public.email_queue_auth_hook(jsonb) from supabase_auth_admin;
select matches(pg_temp.finding('grants'), '^fail: supabase_auth_admin may not execute .*email_queue_auth_hook', 'Auth has lost its right');

-- History and a backlog of other mail are not read.
insert into email_queue_private.message (id, created_at, run_at, completed_at, priority, max_attempts, attempts, bytes, type, status)
select gen_random_uuid(), t, t, t, 2, 1, 1, 0, 'email', 'completed' from (select clock_timestamp()) as c(t), generate_series(1, 60000);
insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, max_attempts, type, lane)
select gen_random_uuid(), t, t, 0, 2, 1, 'email', 'batch:b.example' from (select clock_timestamp()) as c(t), generate_series(1, 60000);
analyze email_queue_private.message, email_queue_private.ready;
select cmp_ok(pg_temp.buffers('select email_queue_private.doctor_auth()'), '<', 12000, 'of 60,000 messages it reads the newest 10,000');

select * from finish();
rollback;
