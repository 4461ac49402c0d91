begin;
\ir helpers.psql
select plan(14);

create function pg_temp.text_mail(p_text text) returns jsonb language sql as $$
  select jsonb_build_object('from', 'shop@shop.example', 'to', 'user@b.example', 'subject', 'Hello', 'text', p_text)
$$;
-- The bytes that are stored: of one mail, of a list, and of one that the full checks see.
create function pg_temp.stored(p_payload jsonb, p_limit integer) returns integer[] language plpgsql as $$
declare
  v_ids jsonb;
begin
  perform public.email_queue_configure(jsonb_build_object('max_payload_bytes', p_limit));
  v_ids := jsonb_build_array(public.email_queue_enqueue(p_payload) -> 'id', public.email_queue_enqueue_many(jsonb_build_array(jsonb_build_object('payload', p_payload))) #> '{0,id}',
    public.email_queue_enqueue(p_payload, p_priority => 1) -> 'id');
  return array(select m.bytes from email_queue_private.message as m where v_ids ? m.id::text);
end $$;
create function pg_temp.stored_in_a_list(p_payload jsonb, p_limit integer) returns jsonb language plpgsql as $$
begin
  perform public.email_queue_configure(jsonb_build_object('max_payload_bytes', p_limit));
  return public.email_queue_enqueue_many(jsonb_build_array(jsonb_build_object('payload', p_payload)));
end $$;
create temp table large (name text, payload jsonb, text_bytes integer generated always as (octet_length(payload::text)) stored);
insert into large (name, payload) values ('plain', pg_temp.text_mail(repeat('x', 50000))), ('quotes', pg_temp.text_mail(repeat('"', 20000))), ('controls', pg_temp.text_mail(repeat(E'\x01', 20000)));

select is((select pg_temp.stored(payload, text_bytes)), array[text_bytes, text_bytes, text_bytes], name || ': a text of as many bytes as the limit is taken') from large;
select throws_like(format('select pg_temp.stored(payload, text_bytes - 1) from large where name = %L', name), format('email_queue: payload: has %s bytes, the limit is %s: %%', text_bytes, text_bytes - 1),
  name || ': with a byte more it is refused') from large;
select throws_like(format('select pg_temp.stored_in_a_list(payload, text_bytes - 1) from large where name = %L', name), '%bytes, the limit is%', name || ': in a list too') from large;

create temp table far as select name, text_bytes, unnest(pg_temp.stored(payload, 10485760)) as bytes from large;
select is((select count(distinct (name, bytes)) from far), 3::bigint, 'each way of enqueueing counts the same');
select is((select array_agg(name) from far where bytes > text_bytes + 100 or bytes * 6 < text_bytes), null, 'far from the limit it is counted without its escapes');
create temp table compressed as select pg_temp.text_mail(string_agg(repeat(md5(n::text), 5), '')) as payload from generate_series(1, 1000) as n;
select cmp_ok((select pg_column_size(payload) from compressed), '<', 100000, 'a table compresses a payload');
select cmp_ok((select email_queue_private.payload_bytes(payload, 10485760) from compressed), '>', 160000, 'which is counted as it was before');
select is((select octet_length(jsonb_build_object('a', repeat('x', 20000), 'n', 1e20000)::text)),
  email_queue_private.payload_bytes(jsonb_build_object('a', repeat('x', 20000), 'n', 1e20000), 10485760), 'the text of a number may be long: it is written');

select * from finish();
rollback;
