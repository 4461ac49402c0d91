begin;
\ir helpers.psql
select plan(7);

select pg_temp.mails(5);
create temp table d as select pg_temp.claim(1, '{"max_messages": 3}') as d;
select is(pg_temp.claim(1, '{"max_messages": 3}'), d, 'the same dispatch, with the same members') from d;
select is((select count(*)::integer from email_queue_private.ready), 2, 'nothing else was taken');

select public.email_queue_pause('test');
select is(pg_temp.claim(1), d, 'also while the queue is paused') from d;
select is(pg_temp.claim(2), null, 'when a new token gets nothing');
select public.email_queue_resume();
update email_queue_private.budget set cooldown_until = clock_timestamp() + interval '1 hour';
select is(pg_temp.claim(1), d, 'or throttled') from d;
update email_queue_private.budget set cooldown_until = null;

select pg_temp.begin(d) from d;
select is(pg_temp.claim(1) ->> 'begun', 'true', 'once begun, it says so');
select is((select jsonb_array_length(r -> 'claims') from pg_temp.work(jsonb_build_object('claim', jsonb_build_object('lease_ms', 60000,
  'max_bytes', 1, 'tokens', jsonb_build_array(pg_temp.token(3), pg_temp.token(1))))) as r), 2, 'and the bytes of a new one do not stand in its way');

select * from finish();
rollback;
