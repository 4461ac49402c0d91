begin;
\ir helpers.psql
select plan(9);

create temp table answer as select public.email_queue_enqueue(
  '{"to": ["a@b.example", {"email": "c@d.example", "name": "C"}], "cc": [], "bcc": "e@f.example", "from": "Me <me@Sub.A.example>",
    "subject": "S", "content": "<p>x</p>"}',
  p_priority => 1, p_max_attempts => 3, p_metadata => '{"order": 7}') as a;
create temp view q as select q.* from public.email_queue as q, answer where q.id = (a ->> 'id')::uuid;

select is((select a -> 'created' from answer), 'true', 'it is created');
select is((select count(*)::integer from q), 1, 'it is shown under its id');
select results_eq('select type, status, priority, max_attempts, attempts from q',
  $$values ('email', 'pending', 1::smallint, 3::smallint, 0::smallint)$$, 'with what was asked for');
select is((select payload ->> 'content' from q), '<p>x</p>', 'with its payload');
select is((select metadata from q), '{"order": 7}', 'with its metadata');
select ok((select created_at = run_at and created_at between now() and clock_timestamp() from q), 'to be sent now');
select is((select lane from email_queue_private.ready), 'batch:sub.a.example', 'its lane is the sender''s domain, in lower case');
select is((select r.bytes from email_queue_private.ready as r), (select octet_length(payload::text) from q), 'its size is noted');
create temp table plain as select pg_temp.mail() as id;
select is((public.email_queue_get(id) ->> 'max_attempts')::integer, 15, 'the default number of attempts outlasts six hours') from plain;

select * from finish();
rollback;
