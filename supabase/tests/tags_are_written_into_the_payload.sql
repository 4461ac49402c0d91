begin;
\ir helpers.psql
select plan(34);

create function pg_temp.put(p_tags jsonb, p_payload jsonb default '{}', p_type text default 'email', p_key text default null) returns jsonb language sql as $$
  select public.email_queue_enqueue('{"to": "a@b.example", "subject": "S", "text": "T"}'::jsonb || p_payload, p_type, p_tags => p_tags, p_dedup_key => p_key)
$$;
create function pg_temp.kept(p_answer jsonb) returns jsonb language sql as $$
  select q.payload -> 'tags' from public.email_queue as q where q.id = (p_answer ->> 'id')::uuid
$$;
create function pg_temp.refuses(p_field text, p_tags jsonb, p_name text) returns text language plpgsql as $$
declare
  v_state text; v_detail text;
begin
  perform pg_temp.put(p_tags);
  return fail(p_name);
exception when others then
  get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
  return is(row(v_state, v_detail)::text, row('22023', 'field=' || p_field)::text, p_name);
end $$;

select is(pg_temp.kept(pg_temp.put('[{"name": "plan", "value": "pro"}]')), '[{"name": "plan", "value": "pro"}]', 'a list is kept as it is');
select is(pg_temp.kept(pg_temp.put('{"plan": "pro"}')), '{"plan": "pro"}', 'an object too');
select is(pg_temp.kept(pg_temp.put('{"plan": "pro"}', '{"tags": null}')), '{"plan": "pro"}', 'null in the payload is none');
select is(pg_temp.kept(pg_temp.put('null', '{"tags": {"plan": "pro"}}')), '{"plan": "pro"}', 'and null beside it');
select is(pg_temp.kept(pg_temp.put(null)), null, 'without the option there are none');
select is(pg_temp.kept(pg_temp.put((select jsonb_object_agg(n, repeat('x', 256)) from generate_series(1, 49) as n))) ->> '49', repeat('x', 256), '49 of the longest are taken');
create temp table one as select pg_temp.put('{"plan": "pro"}') as a;
select is((select r.bytes from email_queue_private.ready as r where r.id = (a ->> 'id')::uuid), octet_length(
  '{"to": "a@b.example", "from": "Shop <shop@a.example>", "tags": {"plan": "pro"}, "text": "T", "subject": "S"}'), 'they count as bytes of the payload')
from one;

select is(pg_temp.put('{"plan": "pro"}', p_key => 'k') -> 'created', 'true', 'with a dedup key');
select is(pg_temp.put('{"plan": "pro"}', p_key => 'k') -> 'payload_differs', 'false', 'the same tags are the same payload');
select is(pg_temp.put(null, '{"tags": {"plan": "pro"}}', p_key => 'k') -> 'payload_differs', 'false', 'wherever they were given');
select is(pg_temp.put('{"plan": "free"}', p_key => 'k') -> 'payload_differs', 'true', 'other tags are another payload');
select is(pg_temp.put(null, p_key => 'k') -> 'payload_differs', 'true', 'and none are too');

select throws_ok($$select pg_temp.put('{"plan": "pro"}', '{"tags": {"plan": "pro"}}')$$, '22023', 'email_queue: tags: is given in the payload too; give it once', 'not in both places');
select throws_ok($$select pg_temp.put('{"plan": "pro"}', p_type => 'sms')$$, '22023', 'email_queue: tags: belongs to e-mail; use metadata', 'not with another type');
select is(pg_temp.kept(pg_temp.put(null, '{"tags": "own"}', 'sms')), '"own"', 'whose payload is its own affair');
select pg_temp.refuses('tags', '"plan"', 'a text');
select pg_temp.refuses('tags', '7', 'a number');
select pg_temp.refuses('tags[0]', '["plan"]', 'a list of texts');
select pg_temp.refuses('tags[0].key', '[{"name": "plan", "value": "pro", "key": 1}]', 'a member that tags do not have');
select pg_temp.refuses('tags[0].?', '[{"name": "plan", "value": "pro", "a@b.example": 1}]', 'whose name is not shown where it could be an address');
select pg_temp.refuses('tags[0].name', '[{"value": "pro"}]', 'no name');
select pg_temp.refuses('tags[1].value', '[{"name": "plan", "value": "pro"}, {"name": "area"}]', 'no value in the second');
select pg_temp.refuses('tags[0].value', '[{"name": "plan", "value": 7}]', 'a value that is a number');
select pg_temp.refuses('tags[0].value', '[{"name": "plan", "value": ""}]', 'an empty value');
select pg_temp.refuses('tags[0].name', '[{"name": "a b", "value": "pro"}]', 'a name with a space');
select pg_temp.refuses('tags[0].value', jsonb_build_array(jsonb_build_object('name', 'plan', 'value', repeat('x', 257))), 'a value of 257 characters');
select pg_temp.refuses('tags[0].name', '[{"name": "message_id", "value": "x"}]', 'the name that the queue uses');
select pg_temp.refuses('tags[1].name', '[{"name": "a", "value": "x"}, {"name": "a", "value": "x"}]', 'a name twice');
select pg_temp.refuses('tags.plan', '{"plan": "a b"}', 'a value of an object');
select pg_temp.refuses('tags.message_id', '{"message_id": "x"}', 'the name that the queue uses, in an object');
select pg_temp.refuses('tags.?', '{"a@b.example": "x"}', 'a name of an object');
select pg_temp.refuses('tags', (select jsonb_object_agg(n, 'x'::text) from generate_series(1, 50) as n), '50 tags');

select is(pg_temp.kept(jsonb_build_object('id', pg_temp.mail('{"tags": {"plan": "pro"}}'))), '{"plan": "pro"}', 'a list of messages has them too');
select throws_ok($$select pg_temp.mail('{"tags": [{"name": "plan", "value": 7}]}')$$, '22023', 'email_queue: messages[0].tags[0].value: must be 1 to 256 of A-Z a-z 0-9 _ -',
  'and says of which message they are');

select * from finish();
rollback;
