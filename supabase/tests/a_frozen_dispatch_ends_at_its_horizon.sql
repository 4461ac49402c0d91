begin;
\ir helpers.psql
select plan(8);

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
select is((select horizon_at - first_begun_at from email_queue_private.dispatch), interval '23 hours', 'the horizon is 23 hours from the first begin');
select pg_temp.freeze(d, '{"delay_ms": 1000000000}') from d;
select is((select visible_at from email_queue_private.dispatch), (select horizon_at from email_queue_private.dispatch), 'no replay waits past it');
create temp table r as select pg_temp.claim(2) as d;
select is(d, null, 'before that it waits') from r;

-- Claimed just before, begun just after.
update email_queue_private.dispatch set visible_at = clock_timestamp();
create temp table s as select pg_temp.claim(3) as d;
update email_queue_private.dispatch set horizon_at = clock_timestamp();
select is(pg_temp.begin(d) - 'dispatch_id', '{"state": "ended", "reason": "unknown_outcome"}', 'past it nothing begins') from s;
select is((select array_agg(distinct pg_temp.status(id)) from public.email_queue), '{failed:unknown_outcome}', 'its members end as unknown_outcome');

select pg_temp.mails(2);
create temp table e as select pg_temp.claim(4) as d;
select pg_temp.begin(d) from e;
select pg_temp.freeze(d, '{"delay_ms": 100000}') from e;
select public.email_queue_pause('test');
update email_queue_private.dispatch set horizon_at = clock_timestamp() - interval '1 second' where frozen;
select pg_temp.sweep();
select is((select array_agg(distinct pg_temp.status(id)) from public.email_queue), '{failed:unknown_outcome}', 'also where nobody claims it, and while the queue is paused');
select is(error ->> 'message', 'The horizon passed without a definite answer.', 'with the reason') from public.email_queue order by id desc limit 1;
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
