begin;
\ir helpers.psql
select plan(23);

select pg_temp.mails(4);
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
select pg_temp.freeze(d) from d;
create temp table r as select pg_temp.claim(2) as d;
create function pg_temp.refused(p_settle jsonb, p_name text) returns text language sql as $$
  select is(pg_temp.settle(r.d, p_settle) ->> 'result', 'invalid', p_name) from r
$$;

select pg_temp.refused(jsonb_build_object('answer', 'none', 'rest', rest), 'claimed: not by ' || rest) from unnest(array['release', 'retry', 'split', 'keep', 'fail']) as rest;
select pg_temp.refused('{"answer": "definite", "rest": "fail"}', 'claimed: nothing is definite before the replay');
select pg_temp.refused(jsonb_build_object('answer', 'none', 'rest', 'keep', 'members', jsonb_build_array(jsonb_build_object('id', d -> 'messages' -> 0 -> 'id', 'outcome', 'failed'))), 'claimed: no member leaves it') from d;
select pg_temp.begin(d) from r;
select pg_temp.refused(jsonb_build_object('answer', answer, 'rest', rest), format('begun: not by %s on %s', rest, answer))
  from unnest(array['none', 'unknown']) as answer, unnest(array['release', 'retry', 'split']) as rest;
select pg_temp.refused('{"answer": "none", "rest": "fail"}', 'begun: not by fail on none');
select pg_temp.refused(jsonb_build_object('answer', 'unknown', 'rest', 'fail', 'members', jsonb_build_array(jsonb_build_object('id', d -> 'messages' -> 0 -> 'id', 'outcome', 'failed'))),
  'begun: an unknown answer says nothing of one member') from d;
select pg_temp.refused(jsonb_build_object('answer', 'unknown', 'rest', 'freeze', 'members', jsonb_build_array(jsonb_build_object('id', d -> 'messages' -> 0 -> 'id', 'outcome', 'failed'))),
  'nor when it freezes') from d;
select is((select row(frozen, begun, cardinality(message_ids))::text from email_queue_private.dispatch), '(t,t,4)', 'nothing was changed');
select is((select count(*)::integer from email_queue_private.ready), 0, 'nothing came back');

savepoint replayed;
select is(pg_temp.settle(d, '{"answer": "unknown", "rest": "fail", "reason": "rejected"}') ->> 'result', 'applied', 'giving it up on an unknown answer') from r;
select is((select array_agg(distinct q.error ->> 'reason') from public.email_queue as q), '{unknown_outcome}', 'ends as unknown_outcome, whatever the caller calls it');
rollback to replayed;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "split", "counted": false}') ->> 'result', 'applied', 'a definite answer splits it') from r;
select is((select array_agg(cardinality(message_ids) || frozen::text) from email_queue_private.dispatch where settled_at is null), '{2false,2false}', 'into halves that are not frozen');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
