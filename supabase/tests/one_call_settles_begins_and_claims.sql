begin;
\ir helpers.psql
select plan(8);

select pg_temp.mails(3);
create temp table a as select pg_temp.claim(1, '{"max_messages": 1}') as d;
create temp table b as select pg_temp.claim(2, '{"max_messages": 1}') as d;
select pg_temp.begin(d) from a;
create temp table r as select pg_temp.work(jsonb_build_object(
  'settles', jsonb_build_array(jsonb_build_object('dispatch_id', a.d -> 'dispatch_id', 'token', a.d -> 'token', 'answer', 'definite', 'rest', 'complete', 'members', '[]'::jsonb)),
  'begins', jsonb_build_array(jsonb_build_object('dispatch_id', b.d -> 'dispatch_id', 'token', b.d -> 'token', 'endpoint', 'batch', 'wire_version', 1, 'timeout_ms', 1000, 'margin_ms', 1000)),
  'claim', jsonb_build_object('type', 'email', 'tokens', jsonb_build_array(pg_temp.token(3), pg_temp.token(4)), 'lease_ms', 60000),
  'count_remaining', true)) as r from a, b;
select is(r -> 'settles' -> 0 ->> 'result', 'applied', 'a settle') from r;
select is(r -> 'begins' -> 0 ->> 'state', 'begun', 'a begin') from r;
select is(jsonb_array_length(r -> 'claims'), 1, 'and a claim in one call') from r;
select is((r ->> 'remaining')::integer, 0, 'with what is left') from r;
select is((select array_agg(k order by k) from r, jsonb_object_keys(r) as k), '{begins,claim_error,claims,next_due_ms,now_ms,obstacle,remaining,retry_ms,run_ended,settles,wake_every_ms}', 'the answer has these fields');
select is((select array_agg(k order by k) from r, jsonb_object_keys(r -> 'claims' -> 0) as k),
  '{attempt,begun,bytes,dispatch_id,endpoint,frozen,mark,messages,priority,token,wire_version}', 'a dispatch these');
select is((select array_agg(k order by k) from r, jsonb_object_keys(r -> 'claims' -> 0 -> 'messages' -> 0) as k), '{attempts,id,payload}', 'a member these');
select ok(abs((r ->> 'now_ms')::bigint - extract(epoch from now()) * 1000) < 60000, 'and the database''s time') from r;

select * from finish();
rollback;
