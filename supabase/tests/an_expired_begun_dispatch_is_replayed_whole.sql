begin;
\ir helpers.psql
select plan(14);

select pg_temp.mails(3, '{"priority": 2, "max_attempts": 3}');
create temp table d as select pg_temp.claim(1) as d;
select is(pg_temp.begin(d, '{"wire_version": 7}') ->> 'attempt', '1', 'the first attempt begins') from d;
create temp table before as select first_begun_at, horizon_at from email_queue_private.dispatch;
select pg_temp.expire(d) from d;
select pg_temp.mails(3, '{"priority": 2}');
create temp table r as select pg_temp.claim(2) as d;

select is(r.d -> 'dispatch_id', d.d -> 'dispatch_id', 'it is claimed again, before other messages') from r, d;
select is(pg_temp.members(r.d), pg_temp.members(d.d), 'with the same members in the same order') from r, d;
select is(r.d -> 'frozen', 'true', 'as frozen') from r;
select is(r.d - 'messages' - 'dispatch_id' - 'token', '{"priority": 2, "attempt": 1, "frozen": true,
  "begun": false, "endpoint": "batch", "wire_version": 7, "mark": null}'::jsonb || jsonb_build_object('bytes', r.d -> 'bytes'), 'the attempt used, the endpoint and the version kept') from r;
select is((select array_agg(distinct (m ->> 'attempts')::integer) from r, jsonb_array_elements(r.d -> 'messages') as m), '{1}', 'each member has used an attempt');
select is(pg_temp.complete(d), 'lost', 'the worker that lost it cannot settle') from d;
select is(pg_temp.begin(d) ->> 'state', 'lost', 'nor begin') from d;
select is(pg_temp.begin(r.d, '{"wire_version": 7}') ->> 'attempt', '2', 'the replay begins') from r;
select is((select row(first_begun_at, horizon_at)::text from email_queue_private.dispatch), (select row(before.*)::text from before), 'its horizon still counts from the first begin');
select is((select errors -> -1 ->> 'class' from email_queue_private.dispatch), 'unknown', 'the lost lease is on record');

select pg_temp.expire(r.d) from r;
create temp table s as select pg_temp.claim(3) as d;
select pg_temp.begin(s.d, '{"wire_version": 7}'), pg_temp.expire(s.d) from s;
select pg_temp.sweep();
select is((select array_agg(distinct pg_temp.status(m)) from d, unnest(pg_temp.members(d)) as m), '{failed:unknown_outcome}', 'with the last attempt its members end as unknown_outcome');
select is((select array_agg(distinct pg_temp.attempts(m)) from d, unnest(pg_temp.members(d)) as m), '{3}', 'all attempts used');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
