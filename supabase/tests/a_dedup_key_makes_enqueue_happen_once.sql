begin;
\ir helpers.psql
select plan(9);

create function pg_temp.dedup(p_key text, p_payload jsonb default '{}', p_type text default 'email') returns jsonb language sql as $$
  select public.email_queue_enqueue('{"to": "a@b.example", "subject": "S", "text": "T"}'::jsonb || p_payload, p_dedup_key => p_key, p_type => p_type)
$$;
create temp table first as select pg_temp.dedup('order-1') as a;

select is(pg_temp.dedup('order-1'), (select a || '{"created": false, "payload_differs": false}' from first), 'the second call answers the first''s id');
select is((select count(*)::integer from public.email_queue), 1, 'and stores nothing');
select is((select count(*)::integer from email_queue_private.ready) + (select count(*)::integer from email_queue_private.body), 2, 'anywhere');
select is(pg_temp.dedup('order-1', '{"text": "other"}') -> 'payload_differs', 'true', 'another payload under the key is told');
select is(pg_temp.dedup('order-2') -> 'created', 'true', 'another key is another message');
select is(pg_temp.dedup('order-1', p_type => 'sms') -> 'created', 'true', 'the key counts within its type');
select is((select pg_temp.begin(d) ->> 'state' || pg_temp.complete(d) from (select pg_temp.claim(1) as d) as c), 'begunapplied', 'the message is sent');
select is(pg_temp.dedup('order-1') -> 'created', 'false', 'the key holds while the row exists');

select public.email_queue_cancel(id), public.email_queue_erase(id) from public.email_queue where dedup_key = 'order-1';
select is(pg_temp.dedup('order-1') -> 'payload_differs', 'false', 'one that was erased is not said to differ');

select * from finish();
rollback;
