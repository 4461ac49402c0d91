begin;
\ir helpers.psql
select plan(12);

select pg_temp.mails(4);
create temp table d as select n, pg_temp.claim(n, '{"max_messages": 1}') as d from generate_series(1, 3) as n;
select pg_temp.begin(d) from d where n < 3;
create temp table r as select pg_temp.work(jsonb_build_object(
  'settles', jsonb_build_array(
    jsonb_build_object('dispatch_id', a.d -> 'dispatch_id', 'token', a.d -> 'token', 'answer', 'definite', 'rest', 'complete', 'members', 7),
    jsonb_build_object('dispatch_id', b.d -> 'dispatch_id', 'token', b.d -> 'token', 'answer', 'definite', 'rest', 'complete', 'members', '[]'::jsonb)),
  'begins', jsonb_build_array(jsonb_build_object('dispatch_id', c.d -> 'dispatch_id', 'token', c.d -> 'token', 'endpoint', 'batch', 'wire_version', 'x', 'timeout_ms', 1, 'margin_ms', 1)),
  'claim', '{"tokens": ["no token"], "lease_ms": 1}'::jsonb)) as r from d as a, d as b, d as c where a.n = 1 and b.n = 2 and c.n = 3;
select is(r -> 'settles' -> 0 ->> 'result', 'error', 'one settle fails') from r;
select is(r -> 'settles' -> 1 ->> 'result', 'applied', 'the next is applied') from r;
select is(r -> 'begins' -> 0 ->> 'state', 'error', 'the begin fails') from r;
select is(r -> 'claims', '[]', 'the claim too') from r;
select ok(r ->> 'claim_error' <> '', 'with the reason') from r;
select is((select count(*)::integer from public.email_queue where status = 'completed'), 1, 'the settle stands');
select is((select begun from email_queue_private.dispatch where token = pg_temp.token(3)), false, 'the begin left nothing');

-- A claim that the statement timeout ends.
create function pg_temp.slow() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return new; end $$;
create trigger slow before insert on email_queue_private.dispatch for each row execute function pg_temp.slow();
set local statement_timeout = '300ms';
create temp table s as select pg_temp.work(jsonb_build_object(
  'settles', jsonb_build_array(jsonb_build_object('dispatch_id', d.d -> 'dispatch_id', 'token', d.d -> 'token', 'answer', 'definite', 'rest', 'complete', 'members', '[]'::jsonb)),
  'claim', jsonb_build_object('tokens', jsonb_build_array(pg_temp.token(9)), 'lease_ms', 60000))) as r from d where n = 1;
set local statement_timeout = 0;
select is(r -> 'settles' -> 0 ->> 'result' || left(r ->> 'claim_error', 19), 'appliedcanceling statement', 'nor does a timeout of the claim undo a settle') from s;
-- A begin that fails by itself.
drop trigger slow on email_queue_private.dispatch;
create temp table b as select pg_temp.work(jsonb_build_object(
  'settles', jsonb_build_array(jsonb_build_object('dispatch_id', e.d -> 'dispatch_id', 'token', e.d -> 'token', 'answer', 'none', 'rest', 'release', 'members', '[]'::jsonb)),
  'begins', jsonb_build_array(jsonb_build_object('dispatch_id', d.d -> 'dispatch_id', 'token', d.d -> 'token', 'endpoint', 'batch', 'wire_version', 'x', 'timeout_ms', 1, 'margin_ms', 1)),
  'claim', jsonb_build_object('tokens', jsonb_build_array(pg_temp.token(10)), 'lease_ms', 60000))) as r
  from (select pg_temp.claim(8) as d) as e, d where d.n = 3;
select is(r -> 'settles' -> 0 ->> 'result', 'applied', 'nor does a begin undo a settle') from b;
select is(jsonb_array_length(r -> 'claims') || coalesce(r ->> 'claim_error', ''), '1', 'or a claim') from b;
select is(r -> 'begins' -> 0 ->> 'state', 'error', 'that fails') from b;
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
