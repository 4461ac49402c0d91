begin;
\ir helpers.psql
select plan(8);

create function pg_temp.next_due() returns bigint language sql as $$
  select (pg_temp.work('{"claim": {"lease_ms": 60000, "tokens": ["00000000-0000-4000-8000-000000000009"]}}') ->> 'next_due_ms')::bigint
$$;
select is(pg_temp.next_due(), null, 'nothing waits: nothing is said');
select pg_temp.mail('{"delay_ms": 3600500, "priority": 1}');
select pg_temp.mail('{"delay_ms": 1500}');
select ok(pg_temp.next_due() between 500 and 1500, 'a scheduled message: milliseconds until its time');
select is(pg_temp.work('{"claim": {"tokens": []}}') ->> 'next_due_ms', null, 'a call that got all it asked for is told nothing');

update email_queue_private.ready set run_at = clock_timestamp();
create temp table d as select pg_temp.claim(1) as d;
select is(pg_temp.next_due(), null, 'what others lease is not waited for');
select pg_temp.begin(d), pg_temp.freeze(d, '{"delay_ms": 60000}') from d;
select ok(pg_temp.next_due() between 50000 and 60000, 'a frozen dispatch: until its replay');
update email_queue_private.dispatch set visible_at = clock_timestamp() - interval '1 hour', lane = 'batch:paused.example';
select public.email_queue_pause('test', 'paused.example');
select is(pg_temp.next_due(), null, 'a paused domain is not waited for');
select is(pg_temp.work('{"count_remaining": true}') ->> 'remaining', '0', 'nor counted');
select public.email_queue_resume('paused.example');
select is(pg_temp.work('{"count_remaining": true}') ->> 'remaining', '2', 'what is due and not claimed is counted');

select * from finish();
rollback;
