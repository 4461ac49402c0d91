begin;
\ir helpers.psql
select plan(58);

-- A payload with one field changed (or, with null, left out) is refused with that field's name.
create function pg_temp.refuses(p_field text, p_value jsonb, p_name text) returns text language plpgsql as $$
declare
  v_payload jsonb := '{"to": "a@b.example", "from": "c@d.example", "subject": "S", "text": "T"}'::jsonb;
  v_state text; v_detail text; v_message text;
begin
  v_payload := case when p_value is null then v_payload - p_field else v_payload || jsonb_build_object(p_field, p_value) end;
  perform public.email_queue_enqueue(v_payload);
  return fail(p_name);
exception when others then
  get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail, v_message = message_text;
  return is(row(v_state, v_detail, split_part(v_message, ': ', 2))::text,
    row('22023', 'field=' || case p_field when 'text' then 'content' else p_field end, case p_field when 'text' then 'content' else p_field end)::text, p_name);
end $$;
create function pg_temp.refuses_option(p_field text, p_value jsonb, p_name text) returns text language plpgsql as $$
declare
  v_state text; v_detail text;
begin
  perform public.email_queue_enqueue_many(jsonb_build_array(jsonb_build_object(
    'payload', '{"to": "a@b.example", "from": "c@d.example", "subject": "S", "text": "T"}'::jsonb, p_field, p_value)));
  return fail(p_name);
exception when others then
  get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
  return is(row(v_state, v_detail)::text, row('22023', 'field=messages[0].' || p_field)::text, p_name);
end $$;

update email_queue_private.setting set default_sender = null;
select pg_temp.refuses('to', null, 'no recipient');
select pg_temp.refuses('to', 'null', 'a null recipient');
select pg_temp.refuses('to', '[]', 'an empty list of recipients');
select pg_temp.refuses('to', '"nobody"', 'a recipient without @');
select pg_temp.refuses('to', '"@b.example"', 'a recipient without a local part');
select pg_temp.refuses('to', '7', 'a recipient that is a number');
select pg_temp.refuses('to', '{"name": "A"}', 'a recipient without e-mail');
select pg_temp.refuses('to', '["a@b.example", "x"]', 'one bad recipient of two');
select pg_temp.refuses('to', '[["a@b.example"]]', 'a list in a list');
select pg_temp.refuses('to', (select jsonb_agg('a@b.example'::text) from generate_series(1, 51)), '51 recipients');
select pg_temp.refuses('subject', to_jsonb(repeat('x', 981)), 'a subject of 981 characters');
select throws_ok($$select public.email_queue_enqueue(jsonb_build_object('to', 'a@b.example', 'subject', 'S', 'text', 'T', 'x', (repeat('[', 33) || repeat(']', 33))::jsonb))$$,
  '22023', 'email_queue: payload: is nested more than 32 deep', 'a payload that no worker could read');
select pg_temp.refuses_option('metadata', ('{"a":' || repeat('[', 33) || repeat(']', 33) || '}')::jsonb, 'metadata nested too deep');
select throws_ok(format('select public.email_queue_enqueue(%L)', jsonb_build_object('to', 'a@b.example', 'from', 'a@b.example', 'subject', 'S', 'text', 'T', field, 'x')), '22023', 'email_queue: ' || said, 'a field that nothing reads: ' || field)
from (values ('html', 'html: unknown field; did you mean content?'), ('reply_to', 'reply_to: unknown field; did you mean replyTo?'),
  ('sendAt', 'sendAt: unknown field'), ('c@d.example', '?: unknown field')) as wrong(field, said);
select pg_temp.refuses('cc', '"x"', 'a bad cc');
select pg_temp.refuses('bcc', '{}', 'a bad bcc');
select pg_temp.refuses('bcc', (select jsonb_agg('a@b.example'::text) from generate_series(1, 51)), '51 in bcc');
select pg_temp.refuses('subject', null, 'no subject');
select pg_temp.refuses('subject', '7', 'a subject that is a number');
select pg_temp.refuses('subject', '"a\r\nBcc: x@y.example"', 'a line break in the subject');
select pg_temp.refuses('text', null, 'no content, text or template');
select pg_temp.refuses('from', null, 'no sender, and no default');
select pg_temp.refuses('from', '"me"', 'a sender without @');
select pg_temp.refuses('from', '["a@b.example"]', 'a list of senders');
select throws_ok($$select public.email_queue_enqueue('{"to": "a@b.example", "from": {"name": "me"}, "subject": "S", "text": "T"}')$$,
  '22023', 'email_queue: from.email: is required', 'a sender without e-mail');

select pg_temp.refuses_option('type', '"a b"', 'a type with a space');
select pg_temp.refuses_option('type', '""', 'an empty type');
select pg_temp.refuses_option('priority', '4', 'priority 4');
select pg_temp.refuses_option('priority', '-1', 'priority -1');
select pg_temp.refuses_option('priority', '1.5', 'half a priority');
select pg_temp.refuses_option('priority', '99999999999', 'a priority beyond any integer');
select pg_temp.refuses_option('max_attempts', '0', 'no attempts');
select pg_temp.refuses_option('max_attempts', '101', '101 attempts');
select pg_temp.refuses_option('max_attempts', '"x"', 'attempts that are no number');
select pg_temp.refuses_option('run_at', '"soon"', 'a time that is none');
select pg_temp.refuses_option('run_at', '"infinity"', 'never');
select pg_temp.refuses_option('delay_ms', '-1', 'a negative delay');
select pg_temp.refuses_option('delay_ms', '"x"', 'a delay that is no number');
select pg_temp.refuses_option('delay_ms', '10000000000000000000', 'a delay beyond any integer');
select pg_temp.refuses_option('send_before', '"soon"', 'an end that is no time');
select pg_temp.refuses_option('send_before', '"2020-01-01T00:00:00Z"', 'an end before the start');
select pg_temp.refuses_option('dedup_key', '""', 'an empty dedup key');
select pg_temp.refuses_option('dedup_key', to_jsonb(repeat('x', 256)), 'a dedup key of 256 characters');
select pg_temp.refuses_option('dedup_key', '7', 'a dedup key that is a number');
select pg_temp.refuses_option('dedup_key', '{"order": 7}', 'a dedup key that is an object');
select pg_temp.refuses_option('type', '7', 'a type that is a number');
select pg_temp.refuses_option('send_before', 'true', 'an end that is true');
select throws_ok(format('select public.email_queue_enqueue(%L)', p), '22023', 'email_queue: payload: must be an object', coalesce(p, 'null') || ' is no e-mail')
from unnest(array[null, 'null', '[]']) as p;
select throws_ok($$select public.email_queue_enqueue('null', 'report')$$, '22023', 'email_queue: payload: is missing', 'another type needs a payload, of whatever kind');
select pg_temp.refuses_option('metadata', '[1]', 'metadata that is a list');
select pg_temp.refuses_option('metadata', jsonb_build_object('x', (select string_agg(md5(i::text), '') from generate_series(1, 2000) as i)), 'metadata of 64 kB');
select pg_temp.refuses_option('colour', '1', 'an option that does not exist');

update email_queue_private.setting set max_payload_bytes = 1024;
select pg_temp.refuses('payload', to_jsonb(repeat('x', 1000)), 'a payload over the limit');

select * from finish();
rollback;
