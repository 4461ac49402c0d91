begin;
\ir helpers.psql
\ir events.psql
select plan(30);
create schema app;
grant usage on schema app to service_role;
-- A table of the application's, on which service_role has no rights.
create table app.users (email text primary key, bad boolean not null default false, events integer not null default 0, note text unique deferrable initially deferred);
insert into app.users (email) values ('user@b.example'), ('other@b.example');
revoke all on app.users from service_role;
-- Without a search_path of its own, as many are.
create function app.on_event(p_event jsonb) returns void language plpgsql security definer as $$
begin
  update app.users set events = events + 1, bad = bad or p_event ->> 'type' = 'email.bounced' and p_event #>> '{detail,type}' = 'Permanent'
  where email in (select jsonb_array_elements_text(p_event -> 'recipients'));
end
$$;
create function app.invoker(jsonb) returns void language sql as 'select';
create procedure app.procedure(jsonb) language sql security definer as 'select';
create function app.no_rights(jsonb) returns void language sql security definer as 'select';
revoke all on function app.no_rights(jsonb) from public, service_role;

create temp table m as select pg_temp.mail('{"metadata": {"order": 7}}') as id;
select pg_temp.start(c), pg_temp.complete(c) from pg_temp.claim(1) as c;
grant select on m to service_role;
set local role service_role;
select throws_like($$ select public.email_queue_on_event('app.invoker') $$, '%it must be SECURITY DEFINER: events are recorded as service_role%', 'a function with the rights of its caller is refused, with what that means');
select throws_like($$ select public.email_queue_on_event('app.none') $$, '%there is no function app.none(jsonb)%', 'so is one that is not there');
select throws_like($$ select public.email_queue_on_event('app.procedure') $$, '%it must be a function%', 'a procedure');
select throws_like($$ select public.email_queue_on_event('app.no_rights') $$, '%grant execute on function app.no_rights(jsonb) to service_role%', 'one that may not be called');
select throws_like($$ select public.email_queue_on_event('on_event') $$, '%with its schema%', 'one without its schema');
select throws_like($$ select public.email_queue_on_event('app.on_event(p); drop table app.users; --') $$, '%there is no function%', 'what is no name');
select is(public.email_queue_on_event('app.on_event'), '{"function": "app.on_event", "previous": null}', 'a good one is taken');

create temp table bounce as select pg_temp.event(id, 'email.bounced', '{"detail": {"type": "Permanent", "subtype": "General"}}') as e from m;
select is(pg_temp.record(e), 'recorded', 'an event is recorded') from bounce;
select is(pg_temp.record(e), 'known', 'and again') from bounce;
select is(pg_temp.record(pg_temp.event(gen_random_uuid(), 'email.bounced')), 'foreign: there is no such message', 'one that is not ours');
reset role;
select results_eq('select bad, events from app.users where email = ''user@b.example''', $$ values (true, 1) $$, 'the function was called once, with rights of its owner');
select is((select count(*)::integer from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'check' = 'on event' and f ->> 'status' = 'ok'), 1, 'the doctor says so');

-- What it is given.
create table app.given (event jsonb);
create or replace function app.on_event(p_event jsonb) returns void language sql security definer as 'insert into app.given values (p_event)';
select pg_temp.record(pg_temp.event(id, 'email.opened', '{"id": "msg_o", "detail": {"ip": "192.0.2.1"}}')) from m;
select is((select event from app.given), jsonb_build_object('id', 'msg_o', 'type', 'email.opened', 'occurred_at', '2026-11-26T20:00:00.000Z', 'provider_message_id', 'p-' || id,
  'message_id', id, 'recipients', '["user@b.example"]'::jsonb, 'metadata', '{"order": 7}'::jsonb), 'it is given the event with the message''s metadata, an opening without the reader''s address') from m;
-- Called as the database's settings say.
create function app.path(p_event jsonb) returns void language plpgsql security definer as $$ begin insert into app.given values (to_jsonb(current_setting('search_path'))); end $$;
select public.email_queue_on_event('app.path');
delete from app.given;
select pg_temp.record(pg_temp.event(id, 'email.sent')) from m;
select is((select event #>> '{}' from app.given), (select reset_val from pg_settings where name = 'search_path'), 'with the database''s usual search_path');

-- Whatever it does, the event stays.
create function app.fails(p_event jsonb) returns void language plpgsql security definer as $$
begin
  update app.users set events = 100;
  if p_event ->> 'type' = 'email.clicked' then
    assert false;
  elsif p_event ->> 'type' = 'email.complained' then
    raise exception using errcode = 'query_canceled', message = 'cancelled';
  elsif p_event ->> 'type' = 'email.delivered' then
    update app.users set note = 'the same'; -- Two rows: found at the commit only.
  elsif p_event ->> 'type' = 'email.failed' then
    lock table app.locked;
  else
    raise exception 'the function is wrong';
  end if;
end
$$;
select public.email_queue_on_event('app.fails');
select is(pg_temp.record(pg_temp.event(id, 'email.delivery_delayed')), 'recorded', 'an error') from m;
select is((select max(events) from app.users), 1, 'undoes what it did');
select is((select error from email_queue_private.reaction), 'the function is wrong (P0001)', 'and is noted');
select is(pg_temp.record(pg_temp.event(id, 'email.complained')), 'recorded', 'a cancelled statement') from m;
select is((select error from email_queue_private.reaction), 'cancelled (57014)', 'is noted too');
select is(pg_temp.record(pg_temp.event(id, 'email.clicked')), 'recorded', 'an assertion') from m;
select is((select error from email_queue_private.reaction), 'assertion failed (P0004)', 'too');
select is(pg_temp.record(pg_temp.event(id, 'email.delivered')), 'recorded', 'a constraint that is checked at the commit') from m;
select matches((select error from email_queue_private.reaction), 'duplicate key .*[(]23505[)]', 'is found before');
select is((select failures from email_queue_private.reaction), 4::bigint, 'all are counted');
select is((select count(*)::integer from email_queue_private.event where message_id = m.id), 7, 'each event is kept') from m;
select matches((select f ->> 'detail' from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'check' = 'on event'), 'app.fails has failed 4 times, last at .*: duplicate key', 'the doctor shows the last error');
drop function app.fails(jsonb);
select is(pg_temp.record(pg_temp.event(id, 'email.failed')), 'recorded', 'a function that is gone loses no event') from m;
select matches((select f ->> 'detail' from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'check' = 'on event'), 'app.fails cannot be called with events: there is no function', 'and is named');
select is(public.email_queue_on_event(null), '{"function": null, "previous": "app.fails"}', 'it is taken away');
select is((select count(*)::integer from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'check' = 'on event'), 0, 'and no finding any more');

select * from finish();
rollback;
