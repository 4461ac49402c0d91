begin;
\ir helpers.psql
select plan(24);

select public.email_queue_suppress(' Bad <Gone@B.example> ', 'bounce');
select public.email_queue_suppress('gone@b.example', 'complaint');
create temp table m (name text, id uuid);
create function pg_temp.put(p_name text, p_payload jsonb, p_options jsonb default '{}') returns void language sql as $$
  insert into m values (p_name, pg_temp.mail(p_options, p_payload))
$$;
create function pg_temp.of(p_name text) returns text language sql as $$
  select pg_temp.status(id) from m where name = p_name
$$;
select pg_temp.put('plain', '{"to": "gone@b.example"}'), pg_temp.put('named', '{"to": {"email": " GONE@b.example ", "name": "x"}}'),
  pg_temp.put('list', '{"to": ["Gone <gone@B.EXAMPLE>"], "cc": null, "bcc": []}'), pg_temp.put('copy', '{"to": "gone@b.example", "cc": "here@b.example"}'),
  pg_temp.put('other', '{"to": "gone+x@b.example"}'), pg_temp.put('must', '{"to": "gone@b.example"}', '{"ignore_suppression": true}'),
  pg_temp.put('later', '{"to": "gone@b.example"}', '{"delay_ms": 3600000}');
select is((select cardinality(recipients) from email_queue_private.ready as r join m on m.id = r.id where name = 'copy'), 2, 'a message that waits has the hashes of its recipients');
create temp table d as select pg_temp.claim(1) as d;
select is((select array_agg(name order by name) from m where pg_temp.status(id) = 'failed:suppressed'), array['list', 'named', 'plain'], 'who is suppressed gets no mail, however the address is written');
select is(pg_temp.members(d), array(select id from m where name in ('copy', 'other', 'must') order by id), 'the others go') from d;
select is(pg_temp.of('later'), 'pending', 'what is not due is not looked at');
select is((select array_agg(distinct q.attempts::text || coalesce(q.dispatch_id::text, '')) from public.email_queue as q join m on m.id = q.id where name in ('plain', 'named', 'list')),
  array['0'], 'no attempt and no dispatch is used');
select is((select error ->> 'class' from public.email_queue as q join m on m.id = q.id where name = 'plain'), 'suppressed', 'the error says so');
select is((select error ->> 'class' from public.email_queue as q join m on m.id = q.id where name = 'copy'), 'suppressed', 'as does the history of what goes to the others');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

-- Never of what was claimed.
select public.email_queue_suppress('here@b.example');
select is(pg_temp.begin(d) ->> 'state', 'begun', 'a dispatch begins though its members are suppressed meanwhile') from d;
select is(pg_temp.freeze(d), 'applied', 'it freezes') from d;
select is(pg_temp.claim(2) -> 'frozen', 'true', 'and is replayed');

-- A retry and a redrive.
truncate m;
select pg_temp.put('retry', '{"to": "retry@b.example"}');
truncate d;
insert into d select pg_temp.claim(3);
select pg_temp.begin(d) from d;
select public.email_queue_suppress('retry@b.example', 'manual', 'news');
select pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 0}') from d;
select is((select recipients from email_queue_private.ready as r join m on m.id = r.id), null, 'what comes back has no hashes');
truncate d;
insert into d select pg_temp.claim(4);
select is(pg_temp.members(d), array(select id from m), 'an entry of another topic does not count') from d;
select public.email_queue_suppress('retry@b.example');
select pg_temp.begin(d) from d;
select pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 0}') from d;
select is(pg_temp.claim(5), null, 'a retry is looked at in its payload');
select is(pg_temp.of('retry'), 'failed:suppressed', 'and ends');
select is(public.email_queue_redrive(array[id], p_dry_run => true) #>> '{refused,0,reason}', 'every recipient is suppressed: remove an entry first', 'it is not redriven while the entry stands') from m;
select is(public.email_queue_redrive(p_filter => '{"reason": "suppressed"}') -> 'redriven', '[]'::jsonb, 'nor by its reason');
select public.email_queue_unsuppress('retry@b.example');
select is(jsonb_array_length(public.email_queue_redrive(array[id]) -> 'redriven'), 1, 'but when it is gone') from m;
select is(pg_temp.members(pg_temp.claim(6)), array(select id from m), 'and is sent');

-- Bounded: a claim passes over a thousand.
truncate m;
select public.email_queue_suppress('many@b.example');
create temp table many as select unnest(pg_temp.mails(1150, p_payload => '{"to": "many@b.example"}')) as id;
select pg_temp.put('here', '{"to": "user@b.example"}');
create temp table w as select pg_temp.work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000007"], "lease_ms": 60000}}') as w;
select is(w -> 'claims', '[]'::jsonb, 'one claim does not end any number of messages') from w;
select is((w ->> 'next_due_ms')::integer, 0, 'it says that more is due') from w;
select is((select count(*) from many where pg_temp.status(id) = 'failed:suppressed'), 1000::bigint, 'it has ended a thousand');
select is(pg_temp.members(pg_temp.claim(8)), array(select id from m), 'the next one goes on');
select is(pg_temp.misplaced(), 0::bigint, 'and every message is in one place');

select * from finish();
rollback;
