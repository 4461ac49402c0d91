begin;
\ir helpers.psql
select plan(13);

create temp table m as select pg_temp.mails(3) as ids;
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
create temp table s as select pg_temp.settle(d, jsonb_build_object('answer', 'definite', 'members', jsonb_build_array(
  jsonb_build_object('id', ids[1], 'outcome', 'completed', 'provider_message_id', 'p-1'),
  jsonb_build_object('id', ids[2], 'outcome', 'failed', 'error', '{"class": "rejected", "status": 422, "name": "validation_error"}'::jsonb),
  jsonb_build_object('id', ids[3], 'outcome', 'completed', 'provider_message_id', 'p-3')))) as s from d, m;
select is(s ->> 'result', 'applied', 'applied') from s;
select is((select array_agg(pg_temp.status(id) order by id) from m, unnest(ids) as id), '{completed,failed:rejected,completed}', 'one bad member fails alone');
select is((select array_agg(q.provider_message_id order by id) from public.email_queue as q), '{p-1,NULL,p-3}', 'with the provider''s ids');
select is((select array_agg(distinct attempts) from public.email_queue), '{1}', 'an attempt each');
select is((select array_agg(distinct q.dispatch_id) from public.email_queue as q), (select array[(d ->> 'dispatch_id')::uuid] from d), 'and the dispatch they ended in');
select ok((select bool_and(completed_at between created_at and clock_timestamp() and updated_at = completed_at) from public.email_queue), 'and the time');
select is(error - 'at', '{"class": "rejected", "status": 422, "name": "validation_error", "attempt": 1, "reason": "rejected"}'::jsonb || jsonb_build_object('history', error -> 'history'), 'the error is kept')
  from public.email_queue where status = 'failed';
select ok((error ->> 'at')::timestamptz between created_at and clock_timestamp(), 'with the database''s time') from public.email_queue where status = 'failed';
select is((select count(*)::integer from public.email_queue where error is not null), 1, 'the others have none');
select is((select row(settled_at is not null, token, cardinality(message_ids))::text from email_queue_private.dispatch), '(t,,0)', 'the dispatch is settled');

select pg_temp.mails(2);
create temp table e as select pg_temp.claim(2) as d;
select pg_temp.begin(d) from e;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "fail", "error": {"class": "rejected"}}') ->> 'result', 'applied', 'all can fail at once') from e;
select is((select array_agg(pg_temp.status(id)) from e, unnest(pg_temp.members(d)) as id), '{failed:rejected,failed:rejected}', 'they do');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
