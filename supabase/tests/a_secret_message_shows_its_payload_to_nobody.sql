begin;
\ir helpers.psql
select plan(68);

-- Everything that shows messages, as one text. The word is in the payload, in the dedup key, and in what the provider says.
create function pg_temp.shown(p_id uuid) returns text language sql as $$
  select concat_ws(' ', to_jsonb(q), public.email_queue_get(p_id), public.email_queue_list(q.status), public.email_queue_list(q.status, p_metadata => '{"order": 7}'),
    public.email_queue_dead_letters(), public.email_queue_dead_letters('{"text": "hunter2"}'), public.email_queue_stats())
  from public.email_queue as q where q.id = p_id
$$;
-- Each table of the queue, as one text.
create function pg_temp.stored() returns text language sql as $$
  select string_agg(query_to_xml(format('select * from %s', c.oid::regclass), true, true, '')::text, ' ')
  from email_queue_private.our_relations() as c where c.relkind = 'r' and c.relname not in ('setting')
$$;
create function pg_temp.secret(p_options jsonb default '{}') returns uuid language sql as $$
  select pg_temp.mail('{"secret": true, "metadata": {"order": 7}, "dedup_key": "hunter2"}'::jsonb || p_options, '{"subject": "hunter2", "text": "hunter2"}')
$$;
create function pg_temp.body(p_id uuid) returns boolean language sql as $$
  select exists (select from email_queue_private.body as b where b.id = p_id)
$$;
create function pg_temp.ends(p_id uuid, p_what text) returns setof text language plpgsql as $$
begin
  return next unalike(pg_temp.shown(p_id), '%hunter2%', p_what || ': nothing shows it');
  return next is((select array[q.secret::text, q.payload::text, q.recipients #>> '{}'] from public.email_queue as q where q.id = p_id), array['true', null, 'user@b.example'], p_what || ': the recipient is on show');
  return next is(pg_temp.body(p_id), false, p_what || ': the payload is erased');
  return next unalike(pg_temp.stored(), '%hunter2%', p_what || ': no row has it');
end
$$;
create function pg_temp.open(p_id uuid, p_what text) returns setof text language plpgsql as $$
begin
  return next unalike(pg_temp.shown(p_id), '%hunter2%', p_what || ': nothing shows it');
  return next is(pg_temp.body(p_id), true, p_what || ': the payload is there');
end
$$;
create temp table m (name text, id uuid);

insert into m values ('one', pg_temp.secret());
select is((select dedup_key like '%hunter2%' from email_queue_private.message), false, 'the dedup key is a hash');
select is(public.email_queue_enqueue('{"to": "user@b.example", "subject": "x", "text": "x"}', p_secret => true, p_dedup_key => 'hunter2') ->> 'created', 'false', 'that makes it happen once all the same');
select pg_temp.open(id, 'pending') from m;

-- Pending beside others: a lane of its own.
create temp table other as select pg_temp.mails(3) as ids;
create temp table d as select pg_temp.claim(1) as d;
create temp table e as select pg_temp.claim(2) as d;
select is((select pg_temp.members(d) from d union select pg_temp.members(d) from e order by 1 limit 1), (select array[id] from m), 'it shares its request with no other');
select is((select array_agg(pg_temp.lane(d) order by pg_temp.lane(d)) from (select * from d union all select * from e) as x), '{batch:a.example,batch:a.example:secret}', 'since its lane is another');
delete from d where pg_temp.lane(d) <> 'batch:a.example:secret';
insert into d select d from e where pg_temp.lane(d) = 'batch:a.example:secret';
select is(d #>> '{messages,0,payload,text}', 'hunter2', 'the worker gets the payload') from d;
select pg_temp.open(id, 'processing') from m;
select is(pg_temp.begin(d) ->> 'state', 'begun', 'it begins') from d;
select is(pg_temp.freeze(d, '{"error": {"class": "unknown", "status": 500, "name": "internal", "message": "no hunter2"}}'), 'applied', 'it freezes') from d;
select pg_temp.open(id, 'frozen') from m;
select is(error - 'history' - 'at', '{"class": "unknown", "status": 500, "name": "internal", "message": null, "attempt": 1, "reason": null}', 'the error has no text of the provider''s') from public.email_queue, m where email_queue.id = m.id;
truncate d;
insert into d select pg_temp.claim(3);
select is((select array[pg_temp.begin(d) ->> 'state', pg_temp.complete(d)] from d), '{begun,applied}', 'its replay is accepted');
select pg_temp.ends(id, 'completed') from m;

-- A definite refusal, a retry, a rejection.
create function pg_temp.attempt(p_token integer, p_settle jsonb) returns text language plpgsql as $$
declare
  v_dispatch jsonb := pg_temp.claim(p_token);
begin
  perform pg_temp.begin(v_dispatch);
  return pg_temp.settle(v_dispatch, p_settle) ->> 'result';
end
$$;
update m set name = 'two', id = pg_temp.secret('{"dedup_key": "hunter2 again"}') where true;
select is(pg_temp.attempt(10, '{"answer": "definite", "rest": "retry", "delay_ms": 0, "error": {"class": "refused", "message": "hunter2"}}'), 'applied', 'it is refused and tried again');
select pg_temp.open(id, 'retrying') from m;
select is((select lane from email_queue_private.ready as r join m on m.id = r.id), 'single:a.example:secret', 'alone, and still apart');
select is(pg_temp.attempt(11, jsonb_build_object('answer', 'definite', 'members', jsonb_build_array(jsonb_build_object('id', id, 'outcome', 'failed', 'reason', 'rejected',
  'error', '{"class": "rejected", "name": "error_481516", "message": "hunter2"}'::jsonb)))), 'applied', 'it is rejected') from m;
select is(error ->> 'name', null, 'a name that could be a code is not kept') from public.email_queue, m where email_queue.id = m.id;
select is(pg_temp.status(id), 'failed:rejected', 'and failed') from m;
select pg_temp.ends(id, 'failed') from m;
select is(public.email_queue_redrive(array[id]) #>> '{refused,0,reason}', 'its payload was erased', 'it cannot be sent again') from m;

-- Ends before a request.
update m set id = pg_temp.secret('{"dedup_key": "hunter2 three"}') where true;
select is(public.email_queue_cancel(id) ->> 'result', 'cancelled', 'it is cancelled') from m;
select pg_temp.ends(id, 'cancelled') from m;
update m set id = pg_temp.secret(jsonb_build_object('dedup_key', 'hunter2 four', 'send_before', clock_timestamp() + interval '1 hour')) where true;
update email_queue_private.ready as r set send_before = clock_timestamp() - interval '1 second' from m where r.id = m.id;
update email_queue_private.message as r set send_before = clock_timestamp() - interval '1 second' from m where r.id = m.id;
select pg_temp.sweep();
select is(pg_temp.status(id), 'failed:expired', 'it expires') from m;
select pg_temp.ends(id, 'expired') from m;
select public.email_queue_suppress('user@b.example');
update m set id = pg_temp.secret('{"dedup_key": "hunter2 five"}') where true;
select pg_temp.claim(12);
select is(pg_temp.status(id), 'failed:suppressed', 'its recipient is suppressed') from m;
select pg_temp.ends(id, 'suppressed') from m;
select is(error ->> 'message', 'Every recipient is on the suppression list.', 'suppressed: the text is ours') from public.email_queue, m where email_queue.id = m.id;
select public.email_queue_unsuppress('user@b.example');

-- One leaves a dispatch that goes on with another.
update m set id = pg_temp.secret('{"dedup_key": "hunter2 pair"}') where true;
insert into m values ('stays', pg_temp.secret('{"dedup_key": "hunter2 stays"}'));
truncate d;
insert into d select pg_temp.claim(14);
select is(pg_temp.settle(d, jsonb_build_object('answer', 'none', 'rest', 'keep', 'members', jsonb_build_array(jsonb_build_object('id', id, 'outcome', 'failed', 'reason', 'rejected',
  'error', '{"class": "rejected", "status": null, "name": null, "message": "headers.X-481516: is not known"}'::jsonb)))) ->> 'result', 'applied', 'it is rejected before the request') from d, m where name = 'two';
select is(error ->> 'message', 'headers.X-…: is not known', 'the text is the worker''s own, and kept') from public.email_queue, m where email_queue.id = m.id and name = 'two';
select is(pg_temp.body(id), name = 'stays', 'its payload is erased, and that of the other is not') from m order by name;
select pg_temp.begin(d), pg_temp.complete(d) from d;
delete from email_queue_private.body where true;
delete from m where name = 'stays';
update email_queue_private.dispatch set settled_at = clock_timestamp(), token = null, visible_at = null, begun = false, message_ids = '{}', member_attempts = '{}' where settled_at is null;

-- Not known: it ends with its horizon, not before.
update m set id = pg_temp.secret('{"dedup_key": "hunter2 six", "max_attempts": 1}') where true;
truncate d;
insert into d select pg_temp.claim(13);
select pg_temp.begin(d) from d;
select pg_temp.expire(d) from d;
select pg_temp.open(id, 'its lease ran out') from m;
select pg_temp.sweep();
select is(pg_temp.status(id), 'failed:unknown_outcome', 'its outcome is not known') from m;
select pg_temp.ends(id, 'unknown outcome') from m;

-- What is reported of it.
create table pg_temp.seen (event jsonb);
create function public.of_the_test(p_event jsonb) returns void language sql security definer as $$ insert into pg_temp.seen values (p_event) $$;
select public.email_queue_configure('{"record_clients": true}');
select public.email_queue_on_event('public.of_the_test');
create function pg_temp.report(p_type text, p_detail jsonb) returns text language sql as $$
  select public.email_queue_record_events(jsonb_build_array(jsonb_build_object('id', 'msg_' || p_type, 'type', p_type, 'occurred_at', '2026-11-26T20:00:00.000Z', 'provider_message_id', 'p-6',
    'message_id', m.id, 'mark', null, 'recipients', '["user@b.example"]'::jsonb, 'detail', p_detail))) #>> '{results,0,result}' from m
$$;
update email_queue_private.message set mark = '' where id = (select id from m);
select is(pg_temp.report('email.bounced', '{"type": "Transient", "subtype": "General", "text": "hunter2"}'), 'recorded', 'a bounce is recorded');
select is(pg_temp.report('email.clicked', '{"ip": "1.2.3.4", "link": "https://a.example/?token=hunter2"}'), 'recorded', 'so is a click');
select is(delivery #> '{recipients,0,bounce}', '{"type": "Transient", "subtype": "General"}', 'with its kind') from public.email_queue, m where email_queue.id = m.id;
select unalike(pg_temp.stored(), '%hunter2%', 'and no text or link');
select unalike((select string_agg(event::text, ' ') from pg_temp.seen), '%hunter2%', 'nor does the user''s function get any');
select is((select count(*) from pg_temp.seen), 2::bigint, 'which is called');

select is(public.email_queue_erase(id) ->> 'result', 'erased', 'it can be erased') from m;
select is(recipients, null, 'with its recipient') from public.email_queue, m where email_queue.id = m.id;
select throws_ok($$select pg_temp.mail('{"secret": "yes"}')$$, '22023', 'email_queue: messages[0].secret: must be true or false', 'secret is a boolean');
select throws_ok($$select pg_temp.mail('{"secret": true, "type": "report"}')$$, '22023', 'email_queue: messages[0].secret: belongs to e-mail', 'of an e-mail');

select * from finish();
rollback;
