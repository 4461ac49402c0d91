begin;
\ir helpers.psql
select plan(7);

select pg_temp.mails(2, p_payload => '{"attachments": [{"filename": "a", "content": "eA=="}]}');
create temp table d as select n, pg_temp.claim(n) as d from generate_series(1, 2) as n;
select pg_temp.begin(d) from d where n = 1;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "release", "counted": false,
  "signals": {"cooldown_ms": 60000, "cooldown_reason": "rate_limit_exceeded"}}') ->> 'result', 'applied', 'the provider throttles one') from d where n = 1;
create temp table b as select pg_temp.begin(d) as b from d where n = 2;
select is(b ->> 'state' || ':' || (b ->> 'reason'), 'throttled:rate_limit_exceeded', 'another may not begin') from b;
select ok((b ->> 'retry_after_ms')::integer between 58000 and 60000, 'and is told until when') from b;
create temp table c as select pg_temp.work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000003"], "lease_ms": 1000}}') as c;
select is(c -> 'claims', '[]', 'nothing is claimed') from c;
select is(c -> 'obstacle' ->> 'state', 'throttled', 'and the claim says why') from c;

select pg_temp.begin(d, '{}'), pg_temp.settle(d, '{"answer": "none", "rest": "keep", "signals": {"cooldown_ms": 10}}') from d where n = 2;
select ok((select cooldown_until > clock_timestamp() + interval '50 seconds' from email_queue_private.budget), 'a shorter cooldown does not cut it short');
update email_queue_private.budget set cooldown_until = clock_timestamp() - interval '1 second';
select is(pg_temp.begin(d) ->> 'state', 'begun', 'after it, begins go on') from d where n = 2;

select * from finish();
rollback;
