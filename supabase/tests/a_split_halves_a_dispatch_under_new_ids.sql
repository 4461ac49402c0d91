begin;
\ir helpers.psql
select plan(12);

create temp table m as select pg_temp.mails(5, '{"priority": 1, "max_attempts": 4}') as ids;
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "split", "counted": false}') ->> 'result', 'applied', 'one of five was refused') from d;
create temp table h as select n, pg_temp.claim(n) as d from generate_series(2, 4) as n;
select is((select array_agg(cardinality(pg_temp.members(d)) order by n) from h where n < 4), '{3,2}', 'two halves');
select is((select d from h where n = 4), null, 'and no more');
select is((select array_agg(id order by n, o) from h, unnest(pg_temp.members(d)) with ordinality as u(id, o)), (select ids from m), 'of all members in their order');
select is((select count(*)::integer from h, d where h.d -> 'dispatch_id' = d.d -> 'dispatch_id'), 0, 'under new ids');
select is((select array_agg(distinct row((h.d ->> 'attempt')::integer, h.d ->> 'frozen', pg_temp.lane(h.d), h.d ->> 'priority', h.d ->> 'endpoint')::text) from h where n < 4),
  '{"(0,false,batch:a.example,1,batch)"}', 'not frozen, not begun, same lane and priority') ;
select is((select sum((h.d ->> 'bytes')::integer) from h), (select (d ->> 'bytes')::bigint from d), 'the bytes are theirs');
select is((select array_agg(distinct attempts) from public.email_queue), '{0}', 'with no attempt used');

-- A counted one carries its attempt along.
select pg_temp.begin(d) from h where n = 2;
select pg_temp.settle(d, '{"answer": "definite", "rest": "split", "error": {"class": "rejected"}}') from h where n = 2;
select is((select array_agg(distinct attempts_allowed) from email_queue_private.dispatch where settled_at is null and token is null), '{3}', 'what is counted is missing later');
select is((select array_agg(distinct (m ->> 'attempts')::integer) from jsonb_array_elements(pg_temp.claim(5) -> 'messages') as m), '{1}', 'and shown');
select pg_temp.begin(d) from h where n = 3;
select pg_temp.settle(d, '{"answer": "definite", "rest": "split", "counted": false}') from h where n = 3;
create temp table s as select pg_temp.claim(6) as d;
select pg_temp.begin(d, '{"endpoint": "single"}') from s;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "split"}') ->> 'result', 'invalid', 'one message cannot be split') from s where jsonb_array_length(d -> 'messages') = 1;
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
