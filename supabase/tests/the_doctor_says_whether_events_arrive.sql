begin;
\ir helpers.psql
\ir events.psql
\ir extensions.psql
select plan(18);
-- Mails that were accepted two hours ago.
create function pg_temp.accepted(p_count integer) returns uuid[] language plpgsql as $$
declare
  v_ids uuid[] := pg_temp.mails(p_count);
begin
  delete from email_queue_private.ready where id = any (v_ids);
  update email_queue_private.message set status = 'completed', completed_at = clock_timestamp() - interval '2 hours', provider_message_id = 'p-' || id where id = any (v_ids);
  return v_ids;
end
$$;

select is(pg_temp.finding('events'), 'ok: none has ever come: what happened to accepted mail is not known', 'where nobody asks for events, that is no fault');
create temp table sent as select pg_temp.accepted(200) as ids;
select alike(pg_temp.finding('events'), 'ok: none has ever come%', 'nor if mail was accepted');
select is(pg_temp.record(pg_temp.event(ids[1])), 'recorded', 'one comes') from sent;
select alike(pg_temp.finding('events'), 'ok: the last one came at %', 'they arrive');
update email_queue_private.event_stream set last_event_at = clock_timestamp() - interval '3 hours';
select alike(pg_temp.finding('events'), 'warn: the last one came at %, and mail was accepted at %', 'mail of an hour ago of which nothing is known');
update email_queue_private.message set completed_at = clock_timestamp() - interval '59 minutes' where status = 'completed';
select alike(pg_temp.finding('events'), 'ok: %', 'an event may take an hour');

select is(pg_temp.finding('refused events'), 'ok: none since the last event, or none for a day', 'none was refused');
select public.email_queue_record_events('[]', 3);
select alike(pg_temp.finding('refused events'), 'warn: 3 since the last event had a signature of another secret, the last one at %', 'a wrong secret is noticed, also right after an event');
select alike(pg_temp.remedy('refused events'), 'RESEND_WEBHOOK_SECRET must be %; then: email-queue deploy', 'and what mends it');
select is(pg_temp.record(pg_temp.event(ids[2])), 'recorded', 'one of the right one comes') from sent;
select alike(pg_temp.finding('refused events'), 'ok: %', 'then the others were a stranger''s');
select public.email_queue_record_events('[]', 2);
select alike(pg_temp.finding('refused events'), 'warn: 2 since the last event had %', 'the count begins anew');
update email_queue_private.event_stream set refused_at = clock_timestamp() - interval '25 hours';
select alike(pg_temp.finding('refused events'), 'ok: %', 'for a day');

select pg_temp.record(variadic (select array_agg(pg_temp.event(ids[n], 'email.bounced')) from generate_series(1, 8) as n)) from sent;
select is(pg_temp.finding('bounces'), 'ok: 8 of the last 200 mails', '4 % bounced');
select pg_temp.record(pg_temp.event(ids[9], 'email.bounced')) from sent;
select alike(pg_temp.finding('bounces'), 'warn: 9 of the last 200 mails bounced (4.5 \%): %', 'more than 4 %');
select pg_temp.record(pg_temp.event(ids[10], 'email.complained')) from sent;
select is(pg_temp.finding('complaints'), 'ok: 1 of the last 200 mails', 'one complaint says nothing');
select pg_temp.record(pg_temp.event(ids[11], 'email.complained')) from sent;
select alike(pg_temp.finding('complaints'), 'fail: 2 of the last 200 mails were complained about (1.00 \%): %', 'more than 0.3 %');
select pg_temp.accepted(800);
select alike(pg_temp.finding('complaints'), 'warn: 2 of the last 1000 mails%', 'more than 0.1 %');
select * from finish();
rollback;
