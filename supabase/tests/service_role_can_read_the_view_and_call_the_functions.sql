begin;
\ir helpers.psql
select plan(4);

grant usage on schema extensions to service_role;
set local role service_role;
create function pg_temp.enqueue() returns jsonb language sql as $$
  select public.email_queue_enqueue('{"to": "a@b.example", "from": "c@d.example", "subject": "S", "text": "T"}')
$$;
select is(pg_temp.enqueue() -> 'created', 'true', 'enqueue');
select is((select count(*)::integer from public.email_queue), 1, 'read');
select is(json_array_length(public.email_queue_worker_work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000001"], "lease_ms": 1000}}') -> 'claims'), 1, 'claim');
select throws_ok('update email_queue_private.body set payload = ''{}''', '42501', null, 'and not change a payload');
reset role;

select * from finish();
rollback;
