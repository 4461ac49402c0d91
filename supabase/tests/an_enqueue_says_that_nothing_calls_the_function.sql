begin;
\ir helpers.psql
\ir buffers.psql
\ir extensions.psql
select plan(19);

-- As the migrations leave it, on a preview branch or after a reset.
delete from email_queue_private.wiring;
delete from email_queue_private.run;
create temp table answer as select public.email_queue_enqueue('{"to": "user@b.example", "subject": "Hello", "text": "Hi"}', p_dedup_key => 'once') as a;
select alike((select a ->> 'notice' from answer), 'not connected: % email-queue deploy', 'the answer says so, and what to do');
select is((select a - 'notice' from answer), (select jsonb_build_object('id', id, 'created', true) from email_queue_private.message), 'and the message is enqueued');
select is((select public.email_queue_enqueue('{"to": "user@b.example", "subject": "Hello", "text": "Hi"}', p_dedup_key => 'once') ->> 'notice'), (select a ->> 'notice' from answer), 'so does the answer for a known dedup key');
select is((select jsonb_agg(e ? 'notice') from jsonb_array_elements(public.email_queue_enqueue_many('[{"payload": {"to": "user@b.example", "subject": "Hello", "text": "Hi"}}, {"type": "sms", "payload": 1}]')) as e),
  '[true, false]', 'and that of each e-mail of many: other types have consumers of their own');
select is(public.email_queue_enqueue('1', 'sms') ? 'notice', false, 'nor has one of these alone a notice');
select is((select public.email_queue_get((a ->> 'id')::uuid) ->> 'notice' from answer), (select a ->> 'notice' from answer), 'an open e-mail that is read says it');
select is((select public.email_queue_get(id) ? 'notice' from email_queue_private.message where type = 'sms' limit 1), false, 'a message of another type does not');
select is(public.email_queue_cancel((select (a ->> 'id')::uuid from answer)) ->> 'result', 'cancelled', 'a message ends');
select is((select public.email_queue_get((a ->> 'id')::uuid) ? 'notice' from answer), false, 'then it does not either');
select is(pg_temp.finding('connection'), (select 'fail: ' || (a ->> 'notice') from answer), 'the doctor has the same words');
select pg_temp.reads('select email_queue_private.connection_notice()', 5, 'where nothing calls it');

create function pg_temp.notice() returns text language sql as $$
  select public.email_queue_enqueue('{"to": "user@b.example", "subject": "Hello", "text": "Hi"}') ->> 'notice'
$$;
select public.email_queue_schedule();
select is(pg_temp.notice(), null, 'a schedule connects it');
select pg_temp.reads('select email_queue_private.connection_notice()', 3, 'where it is scheduled');
select is(pg_temp.finding('connection'), 'ok: something calls the function', 'for the doctor, too');
select is((select public.email_queue_get(id) ? 'notice' from email_queue_private.message where type = 'email' order by id desc limit 1), false, 'and for what is open');
select public.email_queue_unschedule();
select alike(pg_temp.notice(), 'not connected: %', 'without it, it is not connected');
select public.email_queue_wake();
select is(pg_temp.notice(), null, 'a wake-up connects it');
select public.email_queue_wake(false);
select pg_temp.work('{"run": {"id": "00000000-0000-4000-8000-000000000001", "cause": "http"}}');
select is(pg_temp.notice(), null, 'and so does a run of the function, whoever calls it');
update email_queue_private.run set started_at = started_at - interval '1 day';
select set_config('email_queue.connected', '', false); -- The next second.
select alike(pg_temp.notice(), 'not connected: %', 'for a day');

select * from finish();
rollback;
