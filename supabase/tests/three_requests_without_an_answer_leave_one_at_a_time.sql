begin;
\ir helpers.psql
select plan(12);

create function pg_temp.silent(p_dispatch jsonb) returns text language sql as $$
  select pg_temp.freeze(p_dispatch, '{"delay_ms": 600000, "signals": {"answered": false}}')
$$;
create function pg_temp.obstacle() returns jsonb language sql as $$
  select pg_temp.work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000009"], "lease_ms": 1000}}') -> 'obstacle'
$$;
select pg_temp.mails(7);
create temp table d as select n, pg_temp.claim(n, '{"max_messages": 1}') as d from generate_series(1, 6) as n;
select is((select array_agg(d ->> 'endpoint') from d where n = 1), '{batch}', 'a dispatch of one message goes where its lane goes');
select is((select array_agg(pg_temp.begin(d) ->> 'state') from d where n in (1, 2, 3, 6)), '{begun,begun,begun,begun}', 'four requests go out');
select is((select array_agg(pg_temp.silent(d)) from d where n <= 3), '{applied,applied,applied}', 'three get no answer');
create temp table b as select pg_temp.begin(d) as b from d where n = 4;
select is(b ->> 'state', 'unavailable', 'no other may begin') from b;
select is(pg_temp.silent(d), 'applied', 'the fourth gets none either') from d where n = 6;
select is((select array_agg(scope || ' ' || streak || ' ' || requests || ' ' || size || ' ' || wait_ms order by scope) from email_queue_private.breaker),
  '{"batch: 3 1 1 1000","batch:a.example 3 1 1 1000","single: 2 1 100 0"}', 'which says nothing new: it left before');
select ok((b ->> 'retry_after_ms')::integer between 500 and 1000, 'until the wait is over') from b;
select is(pg_temp.obstacle() ->> 'state', 'unavailable', 'nor is anything claimed');
update email_queue_private.breaker set next_at = clock_timestamp() - interval '1 second';
select is(pg_temp.begin(d) ->> 'state', 'begun', 'then one begins') from d where n = 4;
select is(pg_temp.begin(d) ->> 'state', 'unavailable', 'and no other while it is under way') from d where n = 5;
select pg_temp.settle(d, '{"answer": "definite", "rest": "complete", "signals": {"answered": true}}') from d where n = 4;
select is(pg_temp.begin(d) ->> 'state', 'begun', 'an answer lets more begin') from d where n = 5;
select public.email_queue_resume();
select is((select count(*) from email_queue_private.breaker), 0::bigint, 'a resume forgets it');

select * from finish();
rollback;
