-- A lane of secret mail stands before lanes of other domains in English, and behind them in C: ":" and "." change places.
begin;
\ir helpers.psql
select plan(3);
select isnt('batch:shop.example:secret' collate "C" < 'batch:shop.example.a1', 'batch:shop.example:secret' < 'batch:shop.example.a1', 'this database compares otherwise than C');

select public.email_queue_enqueue('{"from": "a@shop.example", "to": "b@b.example", "subject": "S", "text": "T"}', p_secret => true);
select is(jsonb_array_length(public.email_queue_worker_work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000001"]}}')::jsonb -> 'claims'), 1, 'the last dispatch is of the secret lane');
select public.email_queue_enqueue(jsonb_build_object('from', format('a@shop.example.a%s.example', n), 'to', 'b@b.example', 'subject', 'S', 'text', 'T')) from generate_series(10, 22) as n;
select is(jsonb_array_length(public.email_queue_worker_work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003"]}}')::jsonb -> 'claims'), 2,
  'a lane after it in English has its turn');

select * from finish();
rollback;
