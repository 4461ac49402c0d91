begin;
\ir helpers.psql
select plan(25);

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1) as d;
create function pg_temp.invalid(p_settle jsonb, p_name text) returns text language sql as $$
  select is(row(s ->> 'result', s ->> 'reason' <> '')::text, '(invalid,t)', p_name) from d, pg_temp.settle(d.d, p_settle) as s
$$;
create function pg_temp.member(p_n integer, p_outcome text) returns jsonb language sql as $$
  select jsonb_build_object('id', d -> 'messages' -> p_n -> 'id', 'outcome', p_outcome, 'provider_message_id', 'p') from d
$$;

select pg_temp.invalid('{"rest": "release"}', 'no answer');
select pg_temp.invalid('{"answer": "maybe", "rest": "release"}', 'an answer that does not exist');
select pg_temp.invalid('{"answer": "none", "rest": "forget"}', 'a rest that does not exist');
select pg_temp.invalid('{"answer": "none", "rest": "release", "members": [{"outcome": "failed"}]}', 'a member without an id');
select pg_temp.invalid('{"answer": "none"}', 'no rest and no members');
select pg_temp.invalid(jsonb_build_object('answer', 'none', 'members', jsonb_build_array(pg_temp.member(0, 'failed'))), 'a member without fate');
select pg_temp.invalid(jsonb_build_object('answer', 'none', 'members', jsonb_build_array(pg_temp.member(0, 'failed'), pg_temp.member(0, 'failed'))), 'one member twice is not two');
select pg_temp.invalid(jsonb_build_object('answer', 'none', 'rest', 'keep', 'members', jsonb_build_array(pg_temp.member(0, 'lost'))), 'an outcome that does not exist');
select pg_temp.invalid(jsonb_build_object('answer', 'none', 'rest', 'keep', 'members', jsonb_build_array(jsonb_build_object('id', pg_temp.token(1), 'outcome', 'failed'))), 'a member of another dispatch');
select pg_temp.invalid(jsonb_build_object('answer', 'definite', 'rest', 'release'), 'a definite answer before begin');
select pg_temp.invalid(jsonb_build_object('answer', 'definite', 'members', jsonb_build_array(pg_temp.member(0, 'completed'), pg_temp.member(1, 'completed'))), 'completed before begin');
select pg_temp.invalid(jsonb_build_object('answer', 'none', 'rest', rest), rest || ' before begin') from unnest(array['freeze', 'split', 'complete']) as rest;
select pg_temp.invalid('{"answer": "unknown", "rest": "freeze"}', 'an unknown answer before begin');
select pg_temp.begin(d) from d;
select pg_temp.invalid('{"answer": "none", "rest": "keep"}', 'keep after begin');
select pg_temp.invalid('{"answer": "none", "rest": "complete"}', 'completed without an answer');
select pg_temp.invalid(jsonb_build_object('answer', 'none', 'rest', 'release', 'members', jsonb_build_array(pg_temp.member(0, 'completed'))), 'one completed without an answer');
select pg_temp.invalid('{"answer": "unknown"}', 'an unknown answer without rest');
select pg_temp.invalid(jsonb_build_object('answer', 'unknown', 'rest', rest), rest || ' on an unknown answer') from unnest(array['release', 'retry', 'complete']) as rest;
select pg_temp.invalid(jsonb_build_object('answer', 'definite', 'rest', 'split', 'members', jsonb_build_array(pg_temp.member(0, 'failed'))), 'a split of a part');

select is(pg_temp.settle(d, jsonb_build_object('answer', 'definite', 'rest', 'release', 'members', jsonb_build_array(pg_temp.member(0, 'failed') || '{"reason": "bad luck"}'))) ->> 'result', 'error',
  'a reason that does not exist is an error of the database') from d;
select is((select row(begun, cardinality(message_ids), (select count(*) from public.email_queue where status = 'processing'))::text from email_queue_private.dispatch), '(t,2,2)', 'nothing was changed by any');

select * from finish();
rollback;
