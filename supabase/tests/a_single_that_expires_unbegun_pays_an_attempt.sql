begin;
\ir helpers.psql
select plan(11);

create temp table m as select pg_temp.mail('{"max_attempts": 2}') as id;
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.expire(d) from d;
update d set d = pg_temp.claim(4);
select is(pg_temp.attempts(id), 0, 'the first time it is taken over, and pays nothing') from m;
select is(pg_temp.members(d), array[id], 'as it was') from d, m;
select pg_temp.expire(d) from d;
select is(pg_temp.claim(2), null, 'it does not come back at once');
select is(pg_temp.status(id), 'retrying', 'it waits') from m;
select is(pg_temp.attempts(id), 1, 'and has paid an attempt') from m;
select ok(run_at between clock_timestamp() + interval '20 seconds' and clock_timestamp() + interval '30 seconds', 'for the first backoff') from public.email_queue;
select is(pg_temp.settle(d, '{"answer": "none", "rest": "release"}') ->> 'result', 'lost', 'the worker that lost it is told so') from d;

update email_queue_private.ready set run_at = clock_timestamp();
select pg_temp.expire(pg_temp.claim(3));
select pg_temp.expire(pg_temp.claim(5));
select pg_temp.sweep();
select is(pg_temp.status(id), 'failed:exhausted', 'a message that always crashes its worker ends') from m;
select is(pg_temp.attempts(id), 2, 'with its attempts used') from m;
select is(jsonb_array_length(error -> 'history'), 2, 'and both crashes on record') from public.email_queue;
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
