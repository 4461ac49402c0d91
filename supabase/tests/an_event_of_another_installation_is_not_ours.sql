begin;
\ir helpers.psql
\ir events.psql
select plan(30);
create function pg_temp.just_now() returns jsonb language sql as $$
  select jsonb_build_object('occurred_at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
$$;
create temp table m as select pg_temp.mail() as id;
select pg_temp.start(c), pg_temp.complete(c) from pg_temp.claim(1) as c;

-- No e-mail of this queue.
select is(pg_temp.record(pg_temp.event(gen_random_uuid())), 'foreign: there is no such message', 'a message that is not here');
select is(pg_temp.record(pg_temp.event(id, 'email.delivered', '{"message_id": null, "mark": null, "provider_message_id": "x"}')), 'foreign: there is no such message', 'an e-mail without our tag') from m;
select pg_temp.mail('{"type": "report"}');
select is(pg_temp.record(pg_temp.event(q.id)), 'foreign: there is no such message', 'a message that is no e-mail') from public.email_queue as q where q.type = 'report';
select is((select count(*)::integer from email_queue_private.event), 0, 'of these nothing is kept');
select is(pg_temp.record(pg_temp.event(id, 'email.received'), pg_temp.event(id, 'contact.created'), pg_temp.event(id, 'email.new')),
  'ignored: no e-mail that was sent has events of this type, ignored: no e-mail that was sent has events of this type, ignored: no e-mail that was sent has events of this type', 'other events') from m;

-- Linked by the provider's id.
select is(pg_temp.record(pg_temp.event(id, 'email.delivered', pg_temp.just_now() || '{"message_id": null, "mark": null}')), 'recorded', 'without a tag a completed message is found by the provider''s id') from m;
select is(pg_temp.delivery(id) ->> 'state', 'delivered', 'the event is its own') from m;

-- A copy has the same messages.
select is(pg_temp.record(pg_temp.event(id, 'email.opened', '{"mark": "ffffffffffff", "provider_message_id": "elsewhere"}')), 'foreign: another installation sent it', 'another mark') from m;
select is(pg_temp.record(pg_temp.event(id, 'email.opened', '{"mark": "ffffffffffff"}')), 'recorded', 'but the e-mail that it was completed with is known') from m;
create temp table w as select pg_temp.mail() as id;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": "ffffffffffff"}')), 'foreign: another installation sent it', 'while it waits here another has sent it') from w;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": null}')), 'foreign: another installation sent it', 'or one before marks') from w;
select is(pg_temp.status(id), 'pending', 'it goes on waiting') from w;
create temp table d as select pg_temp.claim(2) as d;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": null}')), 'foreign: another installation sent it', 'also when it is claimed') from w;

-- Begun, then another mark is minted: what was begun with the old one is ours.
select pg_temp.start(d) from d;
select public.email_queue_adopt();
select is(pg_temp.record(pg_temp.event(id, 'email.sent')), 'recorded', 'with the mark that it was begun with') from w;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": "ffffffffffff"}')), 'known', 'the same e-mail is the same e-mail') from w;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": "ffffffffffff", "provider_message_id": "elsewhere"}')), 'foreign: another installation sent it', 'no other mark') from w;
delete from email_queue_private.event;
select pg_temp.settle(d, '{"answer": "unknown", "rest": "fail"}') from d;
select is(pg_temp.status(id), 'failed:unknown_outcome', 'it ended without an answer') from w;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": "ffffffffffff"}')), 'foreign: another installation sent it', 'then too: no other mark') from w;
select is(pg_temp.record(pg_temp.event(id, 'email.sent')), 'recorded', 'its own') from w;
select is(pg_temp.status(id), 'completed', 'which shows that it was accepted') from w;

-- Under wire version 1 there was no mark.
create temp table v1 as select pg_temp.mail() as id;
select pg_temp.begin(c), pg_temp.settle(c, '{"answer": "unknown", "rest": "fail"}') from pg_temp.claim(3) as c;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": "ffffffffffff"}')), 'foreign: another installation sent it', 'begun without a mark: not with one') from v1;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": null}')), 'recorded', 'but without') from v1;
create temp table v2 as select pg_temp.mail() as id;
select pg_temp.begin(c), pg_temp.freeze(c) from pg_temp.claim(4) as c;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', '{"mark": null}')), 'recorded', 'also while it waits for its replay') from v2;

-- The provider's own list of addresses.
select is(pg_temp.record(pg_temp.event(id, 'suppression.added', pg_temp.just_now() || '{"message_id": null, "mark": null}')), 'recorded', 'an address that our e-mail put on the provider''s list') from m;
select is(pg_temp.record(pg_temp.event(id, 'suppression.added', '{"message_id": null, "mark": null, "provider_message_id": "x"}')), 'foreign: there is no such message', 'that another''s did') from m;
select is(pg_temp.record(pg_temp.event(id, 'suppression.removed', '{"message_id": null, "mark": null, "provider_message_id": null}')), 'recorded', 'that somebody did by hand') from m;

-- A copy that was not adopted yet has the mark of its original, which sends what waits here. After the adoption this is another e-mail.
create temp table c as select pg_temp.mail('{}', '{"to": "copy@b.example"}') as id;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', jsonb_build_object('mark', email_queue_private.current_mark()))), 'recorded', 'the original sent it') from c;
select is(pg_temp.status(id), 'pending', 'here it waits') from c;
select public.email_queue_adopt();
create temp table cd as select pg_temp.claim(9) as d;
select pg_temp.start(d), pg_temp.settle(d, '{"answer": "unknown", "rest": "fail"}') from cd;
select is(pg_temp.status(id), 'failed:unknown_outcome', 'what the original sent says nothing of what was sent here') from c;
select is(pg_temp.record(pg_temp.event(id, 'email.sent', jsonb_build_object('mark', email_queue_private.current_mark(), 'provider_message_id', 'the copy''s'))) || ' ' || pg_temp.status(id), 'recorded completed', 'an event of this one does') from c;

select * from finish();
rollback;
