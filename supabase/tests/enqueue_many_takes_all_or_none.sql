begin;
\ir helpers.psql
select plan(14);

create function pg_temp.list(p_from integer, p_to integer) returns jsonb language sql as $$
  select jsonb_agg(jsonb_build_object('payload', jsonb_build_object('to', 'a@b.example', 'subject', i::text, 'text', 'T')) order by i)
  from generate_series(p_from, p_to) as i
$$;

select is(public.email_queue_enqueue_many('[]'), '[]', 'none is fine');
select throws_ok($$select public.email_queue_enqueue_many('{}')$$, '22023', 'email_queue: messages: must be a list', 'an object is not a list');
select throws_ok('select public.email_queue_enqueue_many(null)', '22023', 'email_queue: messages: must be a list', 'nor is null');
select throws_ok($$select public.email_queue_enqueue_many(pg_temp.list(1, 2) || '[{"payload": {}}]')$$, '22023', 'email_queue: messages[2].to: is missing', 'one bad message');
select throws_ok($$select public.email_queue_enqueue_many(pg_temp.list(1, 1) || '[7]')$$, '22023', 'email_queue: messages[1]: must be an object', 'one that is none');
select throws_ok($$select public.email_queue_enqueue_many(jsonb_build_array(pg_temp.list(1, 1) -> 0, (pg_temp.list(1, 1) -> 0) || '{"send_before": "2001-01-01T00:00:00Z"}'))$$,
  '22023', 'email_queue: messages[1].send_before: must be later than the time to send at', 'one that is late');
select throws_ok($$select public.email_queue_enqueue_many(jsonb_build_array((pg_temp.list(1, 1) -> 0) || jsonb_build_object('metadata', jsonb_build_object('a', repeat('x', 16376)))))$$,
  '22023', 'email_queue: messages[0].metadata: must be at most 16 kB', 'metadata of 16385 bytes as text');
select is((select count(*)::integer from public.email_queue), 0, 'refuses all');
select lives_ok($$select public.email_queue_enqueue(pg_temp.list(1, 1) -> 0 -> 'payload', p_metadata => jsonb_build_object('a', repeat('x', 16375)), p_type => 'own')$$,
  'metadata of 16384 bytes fits');
select throws_ok('select public.email_queue_enqueue_many(pg_temp.list(1, 1001))', '22023', 'email_queue: messages: must be at most 1000 a call', '1001 are too many');

create temp table answer as select public.email_queue_enqueue_many(pg_temp.list(1, 1000)) as a;
select is((select jsonb_array_length(a) from answer), 1000, '1000 are taken');
select is((select array_agg((q.payload ->> 'subject')::integer order by e.n) from answer, jsonb_array_elements(a) with ordinality as e(v, n)
  join public.email_queue as q on q.id = (v ->> 'id')::uuid), array(select generate_series(1, 1000)), 'and answered in their order');
select is(pg_temp.members(pg_temp.claim(1)), array(select (v ->> 'id')::uuid from answer, jsonb_array_elements(a) with ordinality as e(v, n) where n <= 100 order by n),
  'and claimed in their order');

select is((select jsonb_agg(e -> 'created') from jsonb_array_elements(public.email_queue_enqueue_many(jsonb_build_array(
  jsonb_build_object('dedup_key', 'k', 'payload', pg_temp.list(1, 1) -> 0 -> 'payload'), jsonb_build_object('dedup_key', 'k', 'payload', pg_temp.list(1, 1) -> 0 -> 'payload')))) as e),
  '[true, false]', 'a key twice in one list makes one message');

select * from finish();
rollback;
