begin;
\ir helpers.psql
\ir events.psql
select plan(38);
create temp table m as select pg_temp.mail() as id;
create temp table d as select pg_temp.claim(1) as d;
select is(pg_temp.delivery(id), null, 'nothing is known of a message that waits') from m;
select pg_temp.start(d) from d;

-- Before the settle, after it, again, in any order.
create temp table e as select pg_temp.event(id, 'email.delivered') as e from m;
select is(pg_temp.record(e), 'recorded', 'an event may come before the settle') from e;
select is(pg_temp.status(id), 'processing', 'its message is not ended by it') from m;
select is(pg_temp.complete(d), 'applied', 'the settle comes later') from d;
select is(pg_temp.status(id), 'completed', 'and ends it') from m;
select is(pg_temp.delivery(id), '{"state": "delivered", "at": "2026-11-26T20:00:00+00:00",
  "recipients": [{"address": "user@b.example", "state": "delivered", "at": "2026-11-26T20:00:00+00:00"}]}', 'the view shows it') from m;
select is(pg_temp.record(e), 'known', 'delivered again it is known') from e;
select is(pg_temp.record(e || '{"recipients": ["other@b.example"], "type": "email.bounced"}'), 'known', 'also with another body') from e;
select is(pg_temp.record(e || '{"id": "msg_2"}'), 'known', 'another endpoint reports the same') from e;
select is(pg_temp.record(e || '{"id": "msg_3"}', e || '{"id": "msg_5", "type": "email.sent"}'), 'known, recorded', 'each by itself') from e;
select is((select count(*)::integer from email_queue_private.event), 2, 'two are kept');
select is(pg_temp.record(e || '{"id": "msg_4", "occurred_at": "2026-11-26T20:00:01Z"}', e || '{"id": "msg_4", "occurred_at": "2026-11-26T20:00:02Z"}'),
  'recorded, known', 'twice in one call') from e;

-- Only forward, whatever the order.
select pg_temp.record(pg_temp.event(id, 'email.delivery_delayed'), pg_temp.event(id, 'email.sent')) from m;
select is(pg_temp.delivery(id) ->> 'state', 'delivered', 'what is late takes nothing back') from m;
select pg_temp.record(pg_temp.event(id, 'email.bounced', '{"detail": {"type": "Permanent", "subtype": "General", "text": "no such user"}}')) from m;
select is(pg_temp.delivery(id) - 'at' #- '{recipients,0,at}', '{"state": "bounced", "recipients": [{"address": "user@b.example", "state": "bounced",
  "bounce": {"type": "Permanent", "subtype": "General", "text": "no such user"}}]}', 'a bounce may come late, with its reason') from m;
select is(pg_temp.status(id), 'completed', 'it was accepted all the same') from m;

-- Several recipients, complaints, openings.
create temp table two as select pg_temp.mail('{}', '{"to": "a@b.example"}') as id;
select pg_temp.start(c), pg_temp.complete(c) from pg_temp.claim(2) as c;
select pg_temp.record(pg_temp.event(id, 'email.sent', '{"recipients": ["a@b.example", "c@b.example"]}'),
  pg_temp.event(id, 'email.bounced', '{"recipients": ["c@b.example"], "occurred_at": "2026-11-26T21:00:00Z"}'),
  pg_temp.event(id, 'email.complained', '{"recipients": ["a@b.example"], "occurred_at": "2026-11-26T22:00:00Z"}'),
  pg_temp.event(id, 'email.opened', '{"recipients": ["a@b.example"], "occurred_at": "2026-11-26T21:30:00Z", "detail": {"ip": "192.0.2.1"}}')) from two;
select is(pg_temp.delivery(id), '{"state": "bounced", "at": "2026-11-26T21:00:00+00:00", "recipients": [
  {"address": "a@b.example", "state": "delivered", "at": "2026-11-26T21:30:00+00:00", "opened_at": "2026-11-26T21:30:00+00:00", "complained_at": "2026-11-26T22:00:00+00:00"},
  {"address": "c@b.example", "state": "bounced", "at": "2026-11-26T21:00:00+00:00"}]}', 'each recipient has its own state') from two;
select is((select detail from email_queue_private.event where type = 'email.opened'), null, 'an opening is kept without the reader''s address');
select public.email_queue_configure('{"record_clients": true}');
select pg_temp.record(pg_temp.event(id, 'email.clicked', '{"recipients": ["a@b.example"], "detail": {"ip": "192.0.2.1", "link": "https://x.example"}}')) from two;
select is((select detail ->> 'link' from email_queue_private.event where type = 'email.clicked'), 'https://x.example', 'unless that is switched on');

-- Lists.
select is((select jsonb_agg(x -> 'id') from jsonb_array_elements(public.email_queue_list('completed', p_delivery => 'bounced')) as x), jsonb_build_array(two.id, m.id), 'a list by state') from m, two;
select is((select jsonb_agg(x -> 'id') from jsonb_array_elements(public.email_queue_list('completed', p_delivery => 'complained')) as x), jsonb_build_array(two.id), 'by complaint') from two;
select is(public.email_queue_list('completed', p_delivery => 'delivered'), '[]', 'a better state is not given') ;
select pg_temp.mail('{"metadata": {"n": 1}}', '{"to": "d@b.example"}') from generate_series(1, 2);
select pg_temp.start(c), pg_temp.complete(c) from pg_temp.claim(3) as c;
select pg_temp.record(pg_temp.event(q.id)) from public.email_queue as q where q.metadata is not null;
select is(jsonb_array_length(public.email_queue_list('completed', p_delivery => 'delivered')), 2, 'the common ones are found');
select is(jsonb_array_length(public.email_queue_list('completed', p_limit => 1, p_metadata => '{"n": 1}', p_delivery => 'delivered')), 1, 'with metadata, a page');
select throws_ok($$ select public.email_queue_list('completed', p_delivery => 'lost') $$, '22023', null, 'an unknown state is refused');
savepoint many;
insert into email_queue_private.message (id, created_at, run_at, status, completed_at, bytes, priority, max_attempts, type)
select ('01000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, now(), now(), 'completed', now(), 1, 2, 5, 'email' from generate_series(1, 10000) as n;
select throws_ok($$ select public.email_queue_list('completed', p_delivery => 'delayed') $$, '22023',
  'email_queue: delivery: is not that of enough of the newest 10000 messages: bound the search with since', 'all history is not walked over');
select is(public.email_queue_list('completed', p_delivery => 'delayed', p_since => now() - interval '1 hour'), '[]', 'since bounds it');
select is(jsonb_array_length(public.email_queue_list('completed', p_delivery => 'delivered', p_limit => 2)), 2, 'a page that is full is given');
rollback to many;

-- Erased.
select is(public.email_queue_erase(id) ->> 'result', 'erased', 'a message is erased') from two;
select is((select count(*)::integer from email_queue_private.event where message_id = two.id and (recipient like '%@%' or detail is not null)), 0,
  'of its events neither addresses nor details are kept') from two;
select is(pg_temp.delivery(id) #- '{recipients}' || jsonb_build_object('of', jsonb_array_length(pg_temp.delivery(id) -> 'recipients'), 'shown',
  pg_temp.delivery(id)::text like '%@%'), '{"state": "bounced", "at": "2026-11-26T21:00:00+00:00", "of": 2, "shown": false}', 'how far it had come is') from two;
create temp table bounce as select pg_temp.event(id, 'email.bounced', '{"recipients": ["c@b.example"], "occurred_at": "2026-11-26T21:00:00Z"}') as e from two;
select is(pg_temp.record(e || jsonb_build_object('id', (select svix_id from email_queue_private.event where message_id = two.id and type = 'email.bounced'))),
  'known', 'delivered again it is known') from bounce, two;
select is(pg_temp.record(e), 'known', 'also under another id') from bounce;
select is(pg_temp.record(pg_temp.event(id, 'email.clicked', '{"recipients": ["c@b.example"]}'),
  pg_temp.event(id, 'email.delivered', '{"recipients": ["d@b.example", "e@b.example"], "detail": {"text": "d@b.example is known"}}')),
  'recorded, recorded', 'others may come later') from two;
select is((select count(*)::integer from email_queue_private.event where message_id = two.id and (recipient like '%@%' or detail is not null)), 0, 'no address is kept') from two;
select is(pg_temp.delivery(id) -> 'state' || jsonb_array_length(pg_temp.delivery(id) -> 'recipients')::text::jsonb, '["bounced", 4]', 'a click takes no bounce back, and recipients are told apart') from two;
select public.email_queue_erase(id) from two;
select is(pg_temp.record(e || '{"id": "msg_after"}'), 'known', 'erased twice, it is the same') from bounce;

-- Pruned.
update email_queue_private.message set completed_at = completed_at - interval '1 year' where id in (select id from m);
update email_queue_private.message set id = ('00000000' || substr(id::text, 9))::uuid where id in (select id from m);
update email_queue_private.event set message_id = ('00000000' || substr(message_id::text, 9))::uuid where message_id in (select id from m);
select is(public.email_queue_prune() ->> 'deleted', '1', 'a message is deleted after its time');
select is((select count(*)::integer from email_queue_private.event where message_id::text like '00000000%'), 0, 'with its events');

select * from finish();
rollback;
