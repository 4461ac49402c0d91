begin;
\ir helpers.psql
select plan(13);

create temp table m as select pg_temp.mails(3) as ids;
create temp table d as select pg_temp.claim(1, '{"max_messages": 2}') as d;
select is(pg_temp.release(d, 2), 'lost', 'not by another') from d;
select is(pg_temp.release(d, 1), 'applied', 'released before begin') from d;
select is((select array_agg(distinct pg_temp.status(id)) from m, unnest(ids) as id), '{pending}', 'they are pending again');

create temp table e as select pg_temp.claim(3) as d;
select is(pg_temp.members(d), ids, 'at the place that they had') from e, m;
select is(pg_temp.begin(d) ->> 'attempt', '1', 'begun') from e;
select is(pg_temp.settle(d, '{"answer": "none", "rest": "release", "counted": false}') ->> 'result', 'applied', 'and not sent after all') from e;
select is((select array_agg(distinct attempts) from public.email_queue), '{0}', 'the attempt is given back');
select is((select array_agg(distinct status) from public.email_queue), '{pending}', 'they are pending');

-- A replay that was not sent stays frozen.
create temp table f as select pg_temp.claim(4) as d;
select pg_temp.begin(d) from f;
select pg_temp.freeze(d) from f;
create temp table g as select pg_temp.claim(5) as d;
select is(pg_temp.begin(d) ->> 'attempt', '2', 'a replay begins') from g;
select is(pg_temp.release(d, 5), 'applied', 'and is not sent') from g;
select is((select row(frozen, attempt, cardinality(message_ids))::text from email_queue_private.dispatch where settled_at is null), '(t,1,3)', 'it waits as before, the attempt given back');
select is((select row(d -> 'dispatch_id', pg_temp.members(d))::text from pg_temp.claim(6) as d), (select row(d -> 'dispatch_id', pg_temp.members(d))::text from f), 'the same dispatch, whole');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
