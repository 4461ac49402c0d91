begin;
\ir helpers.psql
select plan(15);

create function pg_temp.refuses(p_payload jsonb, p_metadata jsonb, p_field text) returns text language plpgsql as $$
declare
  v_said text;
begin
  perform public.email_queue_enqueue(p_payload, 'report', p_metadata => p_metadata);
  return fail(p_field || ' is taken');
exception when invalid_parameter_value then
  get stacked diagnostics v_said = message_text;
  return is(v_said, format('email_queue: %s: must be a number below 1e308', p_field), p_field);
end $$;
select pg_temp.refuses('{"n": 1e400}', null, 'payload.n');
select pg_temp.refuses('{"a": [1, {"n": -1e308}]}', null, 'payload.a[1].n');
select pg_temp.refuses('{"a@b.example": 1e309}', null, 'payload.?');
select pg_temp.refuses(('{"n": ' || repeat('9', 309) || '}')::jsonb, null, 'payload.n');
select pg_temp.refuses('1e131000', null, 'payload');
select pg_temp.refuses('[[1e308]]', null, 'payload[0][0]');
select pg_temp.refuses('{}', jsonb_build_object('n', 1e308::numeric * 10), 'metadata.n');
select throws_ok($$select public.email_queue_enqueue_many('[{"payload": 1, "type": "report"}, {"payload": {"n": 1e400}, "type": "report"}]')$$, '22023',
  'email_queue: messages[1].payload.n: must be a number below 1e308', 'one of many');
select throws_ok($$select public.email_queue_enqueue('{"to": "a@b.example", "subject": "S", "template": {"id": "t", "variables": {"n": 1e400}}}')$$, '22023',
  'email_queue: payload.template.variables.n: must be a number below 1e308', 'an e-mail''s');
select throws_ok($$select public.email_queue_list('pending', p_metadata => '{"n": 1e400}')$$, '22023',
  'email_queue: metadata.n: must be a number below 1e308', 'nor is it looked for');
select throws_ok($$select public.email_queue_redrive(p_filter => '{"metadata": {"n": 1e400}}')$$, '22023',
  'email_queue: filter.metadata.n: must be a number below 1e308', 'among dead letters');
select lives_ok($$select public.email_queue_enqueue('{"n": [9.99e307, -9.99e307, 1e-400, 12345678901234567890]}', 'report')$$, 'others are taken');

-- A type that is almost email.
select throws_ok($$select public.email_queue_enqueue('{}', 'Email')$$, '22023',
  'email_queue: type: must be 1 to 100 letters, digits or any of _ . : -, and email in lower case', 'a type in another case');
select throws_ok($$select public.email_queue_enqueue('{}', ' email')$$, '22023', null, 'or with a space');
select throws_ok($$select public.email_queue_dequeue(array['report', 'EMail '], array[pg_temp.token(1)])$$, '22023', null, 'nor is it dequeued');

select * from finish();
rollback;
