begin;
\ir helpers.psql
select plan(14);

create temp table m (name text, id uuid);
insert into m values ('plain', pg_temp.mail()), ('other', (public.email_queue_enqueue('[1]', 'report') ->> 'id')::uuid);
-- As it was enqueued before the sender was checked so strictly.
insert into m values ('bad', pg_temp.mail());
update email_queue_private.body set payload = payload || '{"from": "mail@acme"}' where id = (select id from m where name = 'bad');
select pg_temp.settle(c, '{"answer": "none", "rest": "fail", "error": {"message": "no"}}') from (select pg_temp.claim(1) as c) as c;
select pg_temp.settle(c, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(2, '{"type": "report"}') as c) as c;

select is(public.email_queue_redrive(array[id]) -> 'refused' -> 0 ->> 'reason', 'its sender is refused: redrive it with another one', 'a refused sender is named') from m where name = 'bad';
select is(pg_temp.status(id), 'failed:rejected', 'and the message stays') from m where name = 'bad';
select throws_ok($$select public.email_queue_redrive(p_filter => '{}', p_from => 'mail@acme')$$, '22023',
  'email_queue: from: not a valid e-mail address: the domain is malformed', 'another bad one is refused');
select is(public.email_queue_redrive(array[id], p_from => 'Acme <mail@Acme.example>', p_dry_run => true) -> 'redriven', jsonb_build_array(id), 'a dry run says that it would do') from m where name = 'bad';
select is((select payload ->> 'from' from email_queue_private.body as b where b.id = m.id), 'mail@acme', 'and changes nothing') from m where name = 'bad';
select is(public.email_queue_redrive(array[id], p_from => 'Acme <mail@Acme.example>') -> 'redriven', jsonb_build_array(id), 'with another sender it is redriven') from m where name = 'bad';
select is((select payload ->> 'from' from public.email_queue as q where q.id = m.id), 'Acme <mail@Acme.example>', 'the payload has it') from m where name = 'bad';
select is((select r.lane from email_queue_private.ready as r where r.id = m.id), 'batch:acme.example', 'it is of the lane of the new sender') from m where name = 'bad';
select is(b.bytes, octet_length(p.payload::text), 'its size is the new payload''s') from m
  join email_queue_private.message as b on b.id = m.id join email_queue_private.body as p on p.id = m.id where m.name = 'bad';
select is(r.bytes, b.bytes, 'where it waits too') from m
  join email_queue_private.message as b on b.id = m.id join email_queue_private.ready as r on r.id = m.id where m.name = 'bad';
select is(public.email_queue_redrive(array[id]) -> 'redriven', jsonb_build_array(id), 'without one a message keeps its own') from m where name = 'plain';
select isnt((select payload ->> 'from' from public.email_queue as q where q.id = m.id), 'Acme <mail@Acme.example>', 'as it was') from m where name = 'plain';
select is((select payload from public.email_queue as q where q.id = m.id), '[1]'::jsonb, 'what is no e-mail has no sender') from m where name = 'other';
select is(pg_temp.misplaced(), 0::bigint, 'every message is in its place');

select * from finish();
rollback;
