begin;
\ir helpers.psql
select plan(13);

-- The most patient member decides how often it is replayed.
create temp table m as select pg_temp.mail('{"max_attempts": 1}') as a, pg_temp.mail('{"max_attempts": 3}') as b;
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
select is(pg_temp.freeze(d, '{"delay_ms": 60000}'), 'applied', 'nobody knows whether it was accepted') from d;
select is((select array_agg(distinct status) from public.email_queue), '{processing}', 'its members stay in it');
select ok((select bool_and(lease_expires_at is null and dispatch_id = (select (d ->> 'dispatch_id')::uuid from d) and (error ->> 'class') = 'unknown') from public.email_queue), 'with the error on show, and no lease');
create temp table later as select pg_temp.mail() as id;
select is(pg_temp.members(pg_temp.claim(2)), array[id], 'before its time others go') from later;

update email_queue_private.dispatch set visible_at = clock_timestamp() where frozen;
create temp table e as select pg_temp.claim(3) as d;
select is(e.d -> 'dispatch_id', d.d -> 'dispatch_id', 'then it comes again under its id') from e, d;
select is(pg_temp.members(e.d), pg_temp.members(d.d), 'with its members in their order') from e, d;
select is((select jsonb_agg(m -> 'payload') from e, jsonb_array_elements(e.d -> 'messages') as m), (select jsonb_agg(m -> 'payload') from d, jsonb_array_elements(d.d -> 'messages') as m), 'and their payloads');
select is(pg_temp.begin(d) ->> 'attempt', '2', 'the second attempt') from e;
select is(pg_temp.freeze(d, '{"counted": false}'), 'applied', 'throttled: frozen still, the attempt not counted') from e;
select is(pg_temp.begin(pg_temp.claim(4)) ->> 'attempt', '2', 'the second attempt again');
select pg_temp.freeze(jsonb_build_object('dispatch_id', d -> 'dispatch_id', 'token', pg_temp.token(4))) from d;
create temp table f as select pg_temp.claim(5) as d;
select is(pg_temp.begin(d) ->> 'attempt', '3', 'the third') from f;
select pg_temp.freeze(d) from f;
select is((select array_agg(pg_temp.status(x) || pg_temp.attempts(x)) from m, unnest(array[a, b]) as x), '{failed:unknown_outcome1,failed:unknown_outcome3}',
  'with the most patient member''s attempts used, all end as unknown_outcome');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
