begin;
\ir helpers.psql
set local enable_seqscan = off;
select plan(8);

-- E-mails that are good, and others with one field changed: values of every kind, and texts at the edge of what is good.
create temp table mail as
with odd(value) as (
  select jsonb_array_elements('[null, true, 7, 1e400, {}, [], {"email": "a@b.example"}, {"a": [[1]]}, ["a@b.example"], ["a@b.example", "c@d.example"], "", " ", "x", "@", "a@b", "a@b.example",
    " a@b.example ", "A@B.Example", "A <a@b.example>", "<a@b.example>", "a@b.example>", "<a@b.example", "A <a@b.example> ", "A<<a@b.example>", "A <a@b.example>>", "A > <a@b.example>",
    "\"A\" <a@b.example>", "\"A <a@b.example>", "A, B <a@b.example>", "A@B <a@b.example>", "A.B <a@b.example>", "Ä <a@b.example>", "ä@b.example", "a@ä.example", "a@b.example, c@d.example", "a@b@c.example", "@b.example",
    ".a@b.example", "a.@b.example", "a..b@b.example", "a.b@b.example", "a+b@b.example", "a_b-c@b.example", "a b@b.example", "a@.example", "a@b..example", "a@-b.example", "a@b-.example", "a@b--c.example", "a@b_c.example",
    "a@b.1", "a@b.c1", "a@1.2.3.4", "a@b.example.", "a@b. example", "a@[1.2.3.4]", "a\n@b.example", "A\t<a@b.example>", "a@b.example\n", "a@b.example\u007f", "\u00a0a@b.example", "\u0085", "a\u2028b", "\r\nBcc: x@y.example", "\u0001", "\\\"<>&", "日本語 😀"]')
  union all
  select to_jsonb(repeat('x', n) || tail) from unnest(array[46, 47, 48, 49, 50, 51, 63, 64, 65, 242, 243, 255, 508, 509, 520, 980, 981]) as n cross join unnest(array['', '@b.example', ' <a@b.example>']) as tail
  union all
  select to_jsonb('a@' || repeat('x', n) || '.example') from unnest(array[49, 50, 51, 63, 64, 250]) as n
), good(payload) as (values
  ('{"from": "Shop <shop@shop.example>", "to": "user@b.example", "subject": "Hello", "content": "<p>Hi</p>"}'::jsonb),
  ('{"to": "user@b.example", "subject": "Hello", "text": "Hi", "content": "<p>Hi</p>", "from": "shop@shop.example"}'))
select payload from good
union select payload - field from good cross join unnest(array['from', 'to', 'subject', 'content', 'text']) as field
union select payload || jsonb_build_object(field, value) from good cross join odd cross join unnest(array['from', 'to']) as field
union select payload || jsonb_build_object(field, value) from odd cross join unnest(array['subject', 'text']) as field cross join (select * from good limit 1) as one
union select payload || jsonb_build_object(field, value) from unnest(array['replyTo', 'cc', 'bcc', 'headers', 'attachments', 'template', 'tags', 'other']) as field
  cross join (select * from good limit 1) as one cross join (select * from odd limit 14) as few
union select payload || jsonb_build_object('content', repeat('x', n)) from good cross join unnest(array[900, 935, 936, 937, 938, 1100]) as n
union select value from odd;

-- What comes of one: the answer and the rows, or the error. Ids and times differ.
create function pg_temp.outcome(p_call text, p_argument jsonb) returns jsonb language plpgsql as $$
declare
  v_answer jsonb; v_rows jsonb; v_state text; v_detail text; v_ids uuid[];
begin
  execute format('select public.%s($1)', p_call) into v_answer using p_argument;
  v_ids := array(select i #>> '{}' from jsonb_path_query(v_answer, 'strict $.**.id') as i);
  v_rows := jsonb_build_object('answer', v_answer, 'message', (select jsonb_agg(to_jsonb(m) order by m.id) from email_queue_private.message as m where m.id = any (v_ids)),
    'body', (select jsonb_agg(to_jsonb(b) order by b.id) from email_queue_private.body as b where b.id = any (v_ids)),
    'ready', (select jsonb_agg(to_jsonb(r) order by r.id) from email_queue_private.ready as r where r.id = any (v_ids)),
    'further', (select jsonb_agg(f.hash order by f.hash) from email_queue_private.further_addressee as f where f.id = any (v_ids)),
    'at once', (select bool_and(m.run_at = m.created_at and r.run_at = m.run_at and r.entered_at = m.created_at)
      from email_queue_private.message as m join email_queue_private.ready as r on r.id = m.id where m.id = any (v_ids)));
  raise exception using errcode = 'EQ001';
exception
  when sqlstate 'EQ001' then
    return regexp_replace(v_rows::text, '"(id|created_at|run_at|entered_at)": "[^"]*"', '"\1": "."', 'g');
  when others then
    get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
    return jsonb_build_object('state', v_state, 'message', sqlerrm, 'detail', v_detail);
end $$;
-- Lists: of two, and items of every shape.
create temp table list as
select '[{"payload": {"from": "shop@shop.example", "to": "user@b.example", "subject": "Hello", "text": "Hi"}}]'::jsonb || item as argument
from jsonb_array_elements('[null, 7, "x", [], {}, {"payload": null}, {"payload": 7}, {"type": "email"}, {"payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}},
  {"type": "email", "payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}}, {"type": "Email", "payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}},
  {"type": null, "payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}}, {"type": ["email"], "payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}},
  {"type": "sms", "payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}}, {"priority": 0, "payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}},
  {"x": 1, "payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}}, {"dedup_key": "k", "payload": {"from": "shop@shop.example", "to": "a@b.example", "subject": "S", "text": "T"}},
  {"payload": {"to": "a@b.example", "subject": "S", "text": "T"}}, {"payload": {"from": "x", "to": "a@b.example", "subject": "S", "text": "T"}}]') as item
union all select * from jsonb_array_elements('[null, 7, "x", {}, [], {"payload": {"from": "shop@shop.example", "to": "user@b.example", "subject": "Hello", "text": "Hi"}}]');

create function pg_temp.outcomes() returns table (call text, argument jsonb, outcome jsonb) language sql as $$
  select c.call, c.argument, pg_temp.outcome(c.call, c.argument)
  from (select 'email_queue_enqueue' as call, payload as argument from mail
    union all select 'email_queue_enqueue_many', jsonb_build_array(jsonb_build_object('payload', payload)) from mail
    union all select 'email_queue_enqueue_many', argument from list) as c
$$;

-- With and without a default sender, and with a low limit.
select public.email_queue_configure('{"default_sender": null}');
create temp table quick as select 'no sender' as setting, * from pg_temp.outcomes();
select public.email_queue_configure('{"default_sender": "Default <default@shop.example>", "max_payload_bytes": 1024, "default_max_attempts": 7}');
insert into quick select 'a sender', * from pg_temp.outcomes();
select cmp_ok((select count(*) from mail where email_queue_private.plain_lane(payload) is not null), '>', 100::bigint, 'many of these are plain');
select cmp_ok((select count(*) from mail where email_queue_private.plain_lane(payload) is null), '>', 500::bigint, 'and many are not');
select is((select count(*) from mail where case when email_queue_private.plain_lane(payload) is not null then email_queue_private.plain_lane(payload) <> email_queue_private.check_email(payload) end), 0::bigint, 'what is plain is good, and has its lane');

create or replace function email_queue_private.plain_lane(p_payload jsonb) returns text language sql immutable set search_path = pg_catalog, pg_temp as 'select null';
create temp table full_checks as select 'a sender' as setting, * from pg_temp.outcomes();
select public.email_queue_configure('{"default_sender": null, "max_payload_bytes": 10485760, "default_max_attempts": 15}');
insert into full_checks select 'no sender', * from pg_temp.outcomes();

select is((select count(*) from quick), (select count(*) from full_checks), 'each was enqueued in both ways');
select is((select jsonb_agg(to_jsonb(d)) from (select * from quick except select * from full_checks order by 1, 2, 3 limit 3) as d), null, 'the answer, the rows and the error are those of the full checks');
select is((select jsonb_agg(to_jsonb(d)) from (select * from full_checks except select * from quick order by 1, 2, 3 limit 3) as d), null, 'and the other way round');
select cmp_ok((select count(*) from quick where outcome ? 'answer'), '>', 500::bigint, 'many were enqueued');
select cmp_ok((select count(distinct outcome -> 'message') from quick where not outcome ? 'answer'), '>', 40::bigint, 'and many refused, for many reasons');

select * from finish();
rollback;
