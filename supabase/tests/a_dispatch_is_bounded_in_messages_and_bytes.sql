begin;
\ir helpers.psql
select plan(9);

create function pg_temp.sizes(p_claim jsonb) returns integer[] language sql as $$
  select array(select jsonb_array_length(c -> 'messages') from jsonb_array_elements(pg_temp.work(jsonb_build_object('claim',
    '{"lease_ms": 60000, "tokens": []}'::jsonb || p_claim)) -> 'claims') as c)
$$;
create function pg_temp.tokens(p_from integer, p_to integer) returns jsonb language sql as $$
  select jsonb_build_object('tokens', jsonb_agg(pg_temp.token(i) order by i)) from generate_series(p_from, p_to) as i
$$;

select pg_temp.mails(250);
select is(pg_temp.sizes(pg_temp.tokens(1, 4)), '{100,100,50}', 'at most 100 messages, and a dispatch a token');
select is(pg_temp.sizes(pg_temp.tokens(5, 6)), '{}', 'then nothing');

select pg_temp.mails(7);
select is(pg_temp.sizes(pg_temp.tokens(10, 10) || '{"max_messages": 5}'), '{5}', 'fewer where the caller says so');
select is(pg_temp.sizes(pg_temp.tokens(11, 11) || '{"max_messages": 500}'), '{2}', 'never more than 100');

-- 10 messages of about 1,100 bytes.
select pg_temp.mails(10, p_payload => jsonb_build_object('text', repeat('x', 1000)));
select is(pg_temp.sizes(pg_temp.tokens(20, 20) || '{"max_bytes": 3500}'), '{3}', 'what does not fit into the bytes stays');
select is(pg_temp.sizes(pg_temp.tokens(21, 21) || '{"max_bytes": 1}'), '{1}', 'the first is taken whatever its size');
select is(pg_temp.sizes(pg_temp.tokens(22, 25) || '{"max_bytes": 4600}'), '{4,1}', 'the bytes are those of all dispatches of the call, and each has at least one');
select is((select bytes from email_queue_private.dispatch where token = pg_temp.token(22)), (select sum(octet_length(b.payload::text))::integer
  from email_queue_private.body as b, email_queue_private.dispatch as d where d.token = pg_temp.token(22) and b.id = any (d.message_ids)), 'and noted');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
