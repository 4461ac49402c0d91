begin;
\ir helpers.psql
select plan(32);

-- One event of a message to the address: as the function email-queue-events writes it.
create temp sequence events;
create function pg_temp.event(p_address text, p_type text, p_detail jsonb default null, p_minutes numeric default 0, p_message uuid default null) returns text language plpgsql as $$
declare
  v_message uuid := coalesce(p_message, case when p_type like 'email.%' then pg_temp.mail(p_payload => jsonb_build_object('to', p_address)) end);
  v_dispatch jsonb;
  v_n bigint := nextval('events');
begin
  if p_message is null and v_message is not null then
    v_dispatch := pg_temp.claim(v_n::integer, '{"max_messages": 1}');
    perform pg_temp.begin(v_dispatch);
    perform pg_temp.complete(v_dispatch);
  end if;
  return public.email_queue_record_events(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('id', 'msg_' || v_n, 'type', p_type,
    'occurred_at', to_char((clock_timestamp() + p_minutes * interval '1 minute') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'provider_message_id', 'p-' || v_message, 'message_id', v_message,
    'recipients', jsonb_build_array(p_address), 'detail', p_detail)))) #>> '{results,0,result}';
end $$;
create function pg_temp.why(p_address text) returns text language sql as $$
  select string_agg(e ->> 'reason', ',' order by e ->> 'reason')
  from jsonb_array_elements(public.email_queue_suppressions(jsonb_build_object('address', p_address))) as e
$$;
create function pg_temp.bounce(p_address text, p_type text, p_subtype text, p_minutes numeric default 0) returns text language sql as $$
  select pg_temp.event(p_address, 'email.bounced', jsonb_build_object('type', p_type, 'subtype', p_subtype), p_minutes)
$$;

select is(pg_temp.bounce('gone@b.example', 'Permanent', 'NoEmail'), 'recorded', 'a bounce is recorded');
select is(pg_temp.why('gone@b.example'), 'bounce', 'an address without a mailbox is suppressed at once');
select is((select e ->> 'event' from jsonb_array_elements(public.email_queue_suppressions('{"address": "gone@b.example"}')) as e), 'msg_1', 'with the event that said so');
select pg_temp.bounce('general@b.example', 'Permanent', 'General');
select is(pg_temp.why('general@b.example'), 'bounce', 'as is one that never gets mail');
select pg_temp.event('angry@b.example', 'email.complained');
select is(pg_temp.why('angry@b.example'), 'complaint', 'and one that complains');

-- Soft ones: three messages in a row.
select pg_temp.bounce('full@b.example', 'Transient', 'MailboxFull'), pg_temp.bounce('full@b.example', 'Transient', 'General');
select is(pg_temp.why('full@b.example'), null, 'two soft bounces are not enough');
select pg_temp.event('full@b.example', 'email.delivered');
select pg_temp.bounce('full@b.example', 'Transient', 'MailboxFull'), pg_temp.bounce('full@b.example', 'Undetermined', 'Undetermined');
select is(pg_temp.why('full@b.example'), null, 'what is delivered starts the count again');
select pg_temp.bounce('full@b.example', 'Transient', 'MailboxFull');
select is(pg_temp.why('full@b.example'), 'bounce', 'three in a row suppress');
create temp table once as select pg_temp.mail(p_payload => '{"to": "once@b.example"}') as id;
create temp table d as select pg_temp.claim(1000, '{"max_messages": 1}') as d;
select pg_temp.begin(d) is null, pg_temp.complete(d) from d;
select pg_temp.event('once@b.example', 'email.bounced', '{"type": "Transient", "subtype": "General"}', n, id) from once, generate_series(1, 4) as n;
select is(pg_temp.why('once@b.example'), null, 'one message that bounces again and again is one');
select pg_temp.bounce('large@b.example', 'Permanent', 'MessageTooLarge') from generate_series(1, 4);
select is(pg_temp.why('large@b.example'), null, 'a mail that is too large says nothing of the address');
select public.email_queue_configure('{"soft_bounces": 1}');
select pg_temp.bounce('first@b.example', 'Transient', 'General');
select is(pg_temp.why('first@b.example'), 'bounce', 'the number is a setting');
select public.email_queue_configure('{"soft_bounces": 0}');
select pg_temp.bounce('never@b.example', 'Transient', 'General') from generate_series(1, 3);
select is(pg_temp.why('never@b.example'), null, 'and 0 is never');
select throws_ok($$select public.email_queue_configure('{"soft_bounces": 101}')$$, '22023', 'email_queue: soft_bounces: must be a whole number from 0 (never) to 100', 'it has a range');

-- An operator's removal lasts.
select public.email_queue_unsuppress('gone@b.example');
select is(pg_temp.why('gone@b.example'), null, 'an entry is removed by hand');
select is((select array[address, event, note] from email_queue_private.suppression where removed_at is not null), array[null, null, null]::text[], 'nothing but its hash stays');
create temp table older as select id from email_queue_private.message where id in (select message_id from email_queue_private.event where svix_id = 'msg_1');
select pg_temp.event('gone@b.example', 'email.bounced', '{"type": "Permanent", "subtype": "NoEmail"}', 0.1, id) from older;
select is(pg_temp.why('gone@b.example'), null, 'an event of mail that was sent before does not bring it back');
select pg_temp.event('gone@b.example', 'email.complained', null, -60, id) from older;
select is(pg_temp.why('gone@b.example'), 'complaint', 'one with another reason enters');
select public.email_queue_unsuppress('gone@b.example');
select pg_temp.bounce('gone@b.example', 'Permanent', 'NoEmail', 0.1);
select is(pg_temp.why('gone@b.example'), 'bounce', 'a bounce of new mail does');
select public.email_queue_configure('{"soft_bounces": 3}');
select public.email_queue_unsuppress('full@b.example');
select pg_temp.bounce('full@b.example', 'Transient', 'MailboxFull', 0.1);
select is(pg_temp.why('full@b.example'), null, 'soft bounces count anew after a removal');

-- The provider's list.
select is(pg_temp.event('listed@b.example', 'suppression.added', '{"reason": "manual"}'), 'recorded', 'the provider lists an address');
select is(pg_temp.why('listed@b.example'), 'manual', 'it enters');
select pg_temp.event('listed@b.example', 'suppression.removed', '{"reason": "manual"}', 1);
select is(pg_temp.why('listed@b.example'), null, 'and leaves when the provider removes it');
select pg_temp.event('early@b.example', 'suppression.removed', '{"reason": "bounce"}', -1);
select pg_temp.event('early@b.example', 'suppression.added', '{"reason": "bounce"}', -2);
select is(pg_temp.why('early@b.example'), null, 'in whatever order the two arrive');
select pg_temp.event('early@b.example', 'suppression.added', '{"reason": "bounce"}', -0.5);
select is(pg_temp.why('early@b.example'), 'bounce', 'a later one enters again');
select public.email_queue_suppress('mine@b.example'), pg_temp.event('mine@b.example', 'suppression.removed', '{"reason": "manual"}', 1);
select is(pg_temp.why('mine@b.example'), 'manual', 'what was entered here stays');
select pg_temp.event('mine@b.example', 'suppression.added', '{"reason": "manual"}', 2), pg_temp.event('mine@b.example', 'suppression.removed', '{"reason": "manual"}', 3);
select is(pg_temp.why('mine@b.example'), 'manual', 'also when the provider has listed it, too');
select pg_temp.event('both@b.example', 'suppression.added', '{"reason": "manual"}', 2), public.email_queue_suppress('both@b.example'), pg_temp.event('both@b.example', 'suppression.removed', '{"reason": "manual"}', 3);
select is(pg_temp.why('both@b.example'), 'manual', 'and when the provider has listed it before');

-- Who asked to be forgotten stays so.
select is(public.email_queue_suppress('forget@b.example', p_note => 'secret', p_hash_only => true) -> 'note', 'null', 'the answer does not say what was just erased');
select pg_temp.event('forget@b.example', 'suppression.added', '{"reason": "bounce"}', 4);
select is(pg_temp.why('forget@b.example'), 'bounce,manual', 'a later event enters');
select is((select array_agg(address) from email_queue_private.suppression where hash = email_queue_private.address_hash('forget@b.example', email_queue_private.hash_key())),
  array[null, null]::text[], 'but not the address');

-- Erased.
select public.email_queue_erase(id) from once;
select pg_temp.event('once@b.example', 'email.complained', null, 5, id) from once;
select is((select array[address, reason] from email_queue_private.suppression where hash = email_queue_private.address_hash('once@b.example', email_queue_private.hash_key())),
  array[null, 'complaint'], 'of an erased message the hash alone is kept');
select is(pg_temp.mail(p_payload => '{"to": "other@b.example"}') is not null and pg_temp.claim(2000) is not null, true, 'others get their mail');

select * from finish();
rollback;
