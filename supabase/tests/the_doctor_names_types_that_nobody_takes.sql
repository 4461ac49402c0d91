begin;
\ir helpers.psql
\ir extensions.psql
select plan(5);

select pg_temp.mail('{"type": "emial"}'), pg_temp.mail('{"type": "report"}'), pg_temp.mail('{"type": "report", "delay_ms": 3600000}'), pg_temp.mail();
select is(pg_temp.finding('consumers'), 'ok: no message of another type waits for a consumer', 'a consumer may be on its way');
update email_queue_private.ready set run_at = run_at - interval '6 minutes';
select alike(pg_temp.finding('consumers'), 'warn: nothing has dequeued these types in a day: emial (1, the oldest for 36_ seconds), report (1, the oldest for 36_ seconds)', 'nobody comes');
select alike(pg_temp.remedy('consumers'), '%email_queue_dequeue%', 'and what helps');
select public.email_queue_dequeue(array['report'], array[pg_temp.token(1)]);
select alike(pg_temp.finding('consumers'), 'warn: nothing has dequeued these types in a day: emial (1, the oldest for 36_ seconds)', 'somebody came');
delete from email_queue_private.ready where type = 'emial';
select pg_temp.mail('{"type": "report"}');
update email_queue_private.ready set run_at = run_at - interval '6 minutes';
select is(pg_temp.finding('consumers'), 'ok: no message of another type waits for a consumer', 'one that is behind is no mistake');

select * from finish();
rollback;
