begin;
\ir helpers.psql
\ir events.psql
select plan(61);

-- The way as one line: what, and what is said about it that does not change from run to run.
create function pg_temp.way(p_id uuid) returns text language sql as $$
  select string_agg(concat_ws(' ', case when e ->> 'at' is null then 'to come:' end, e ->> 'what', e ->> 'attempt', e #>> '{error,class}', e #>> '{error,message}', e ->> 'reason', e ->> 'status',
    e ->> 'type', e ->> 'recipient', e #>> '{detail,type}', case when e ? 'until' then case when e ->> 'until' is null then 'open' else 'until' end end, case when e ? 'run_at' then 'for later' end,
    case when e ? 'lease_expires_at' then 'leased' end, e ->> 'attempts'), ', ' order by n)
  from jsonb_array_elements(public.email_queue_show(p_id) -> 'timeline') with ordinality as t(e, n)
$$;
create function pg_temp.way(p_id uuid, p_expected text, p_name text) returns text language sql as $$ select is(pg_temp.way(p_id), p_expected, p_name) $$;
-- What cannot be done: cancel, redrive, discard, erase.
create function pg_temp.can(p_id uuid, p_expected text[], p_name text) returns text language sql as $$
  select is(array[c ->> 'cancel', c ->> 'redrive', c ->> 'discard', c ->> 'erase'], p_expected, p_name) from (select public.email_queue_show(p_id) -> 'can' as c) as s
$$;
-- The calls themselves agree: what is null is done, what is not is refused with these words.
create function pg_temp.agrees(p_id uuid, p_name text) returns text language plpgsql as $$
declare
  v_can jsonb := public.email_queue_show(p_id) -> 'can';
  v_call text;
  v_one text;
  v_said text[] := '{}';
begin
  foreach v_call in array array['cancel', 'redrive', 'discard', 'erase'] loop
    begin
      v_one := case v_call
        when 'cancel' then (select coalesce(r ->> 'reason', 'done') from public.email_queue_cancel(p_id) as r)
        when 'redrive' then (select case when r -> 'redriven' <> '[]' then 'done' else r #>> '{refused,0,reason}' end from public.email_queue_redrive(array[p_id]) as r)
        when 'discard' then (select case when r -> 'discarded' <> '[]' then 'done' else v_can ->> 'discard' end from public.email_queue_discard(array[p_id]) as r)
        else (select coalesce(r ->> 'reason', 'done') from public.email_queue_erase(p_id) as r) end;
      raise exception using errcode = 'P0002';
    exception when no_data_found then
      v_said := v_said || v_one; -- what it did is undone
    end;
  end loop;
  return is(v_said, array[coalesce(v_can ->> 'cancel', 'done'), coalesce(v_can ->> 'redrive', 'done'), coalesce(v_can ->> 'discard', 'done'), coalesce(v_can ->> 'erase', 'done')], p_name);
end $$;
create temp table m (name text, id uuid);
create function pg_temp.of(p_name text) returns uuid language sql as $$ select id from m where name = p_name $$;

select is(public.email_queue_show(pg_temp.token(1)), null, 'an unknown id');

-- Pending.
insert into m values ('pending', pg_temp.mail('{"metadata": {"order": 1}}'));
select is(public.email_queue_show(id) - array['timeline', 'can', 'suppressed'], public.email_queue_get(id), 'what get answers, and more') from m;
select pg_temp.way(id, 'enqueued', 'pending: its turn comes') from m;
select pg_temp.can(id, array[null, 'it is pending, not failed', 'it is pending, not failed', 'it waits to be sent: cancel it first'], 'pending: cancel') from m;
select pg_temp.agrees(id, 'pending: the calls agree') from m;
select public.email_queue_pause('test', p_seconds => 60);
select pg_temp.way(id, 'enqueued, to come: waits paused until', 'paused for a minute') from m;
select public.email_queue_pause('test'), public.email_queue_pause('test', 'a.example', 60);
select pg_temp.way(id, 'enqueued, to come: waits paused open, to come: waits domain_paused until', 'paused until it is resumed, and its domain') from m;
select public.email_queue_resume(), public.email_queue_resume('a.example');
update email_queue_private.budget set cooldown_until = clock_timestamp() + interval '1 minute' where singleton;
select pg_temp.way(id, 'enqueued, to come: waits cooldown until', 'the provider throttles') from m;
select public.email_queue_resume();
insert into email_queue_private.breaker (scope, streak, next_at) values ('batch:', 3, clock_timestamp() + interval '1 minute');
select pg_temp.way(id, 'enqueued, to come: waits breaker until', 'the circuit breaker is open') from m;
select public.email_queue_resume();
insert into email_queue_private.identity (kind, address, server, last_server) values ('refused', 'copy.example', 'x', 'x');
select pg_temp.way(id, 'enqueued, to come: waits paused open', 'in a copy') from m;
delete from email_queue_private.identity where kind = 'refused';
select public.email_queue_cancel(id) from m;
select pg_temp.way(id, 'enqueued, ended cancelled cancelled', 'cancelled') from m;
select pg_temp.can(id, array['it is cancelled already', 'it is cancelled, not failed', 'it is cancelled, not failed', null], 'cancelled: erase') from m;
select pg_temp.agrees(id, 'cancelled: the calls agree') from m;
select public.email_queue_erase(id) from m;
select pg_temp.can(id, array['it is cancelled already', 'it is cancelled, not failed', 'it is cancelled, not failed', 'it was erased already'], 'erased') from m;

-- Scheduled.
insert into m values ('scheduled', pg_temp.mail('{"delay_ms": 3600000}'));
select pg_temp.way(id, 'enqueued for later, to come: waits scheduled until', 'scheduled') from m where name = 'scheduled';
select is(e -> 'until', public.email_queue_show(id) -> 'run_at', 'until its time') from m, jsonb_array_elements(public.email_queue_show(id) -> 'timeline') as e where name = 'scheduled' and e ->> 'what' = 'waits';
select public.email_queue_cancel(id) from m where name = 'scheduled';

-- Claimed, begun, retried, completed.
insert into m values ('two', pg_temp.mail());
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.way(id, 'enqueued, claimed leased', 'claimed') from m where name = 'two';
select pg_temp.can(id, array['a worker has it', 'it is processing, not failed', 'it is processing, not failed', 'a worker has it'], 'claimed: nothing') from m where name = 'two';
select pg_temp.agrees(id, 'claimed: the calls agree') from m where name = 'two';
select pg_temp.start(d) from d;
select pg_temp.way(id, 'enqueued, claimed leased, attempt 1', 'begun') from m where name = 'two';
select pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 60000, "error": {"class": "refused", "status": 500, "name": "internal", "message": "try later"}}') from d;
select pg_temp.way(id, 'enqueued, attempt 1 refused try later, to come: waits backoff until', 'retrying') from m where name = 'two';
select is(e -> 'error', '{"class": "refused", "status": 500, "name": "internal", "message": "try later"}', 'the provider''s answer')
from m, jsonb_array_elements(public.email_queue_show(id) -> 'timeline') as e where name = 'two' and e ->> 'what' = 'attempt';
select pg_temp.can(id, array[null, 'it is retrying, not failed', 'it is retrying, not failed', 'it waits to be sent: cancel it first'], 'retrying: cancel') from m where name = 'two';
update email_queue_private.ready set run_at = now() - interval '1 second' where id is not null;
select pg_temp.way(id, 'enqueued, attempt 1 refused try later', 'its backoff is over') from m where name = 'two';
update d set d = pg_temp.claim(2);
select pg_temp.start(d, '{"endpoint": "single"}') from d;
select pg_temp.complete(d) from d;
select pg_temp.way(id, 'enqueued, attempt 1 refused try later, claimed, accepted 2, ended completed', 'completed') from m where name = 'two';
select pg_temp.can(id, array['it is completed already', 'it is completed, not failed', 'it is completed, not failed', null], 'completed: erase') from m where name = 'two';
select pg_temp.agrees(id, 'completed: the calls agree') from m where name = 'two';
-- The provider's times: after the end here.
create temp table at as select to_char(clock_timestamp() at time zone 'utc' + n * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, n from generate_series(1, 3) as n;
select pg_temp.record(pg_temp.event(id, 'email.bounced', jsonb_build_object('occurred_at', at, 'detail', '{"type": "Permanent", "subtype": "General", "text": "no such user"}'::jsonb))) from m, at where name = 'two' and n = 2;
select pg_temp.record(pg_temp.event(id, 'email.sent', jsonb_build_object('occurred_at', at))) from m, at where name = 'two' and n = 1;
select pg_temp.way(id, 'enqueued, attempt 1 refused try later, claimed, accepted 2, ended completed, event email.sent user@b.example, event email.bounced user@b.example Permanent', 'events in the order in which they happened') from m where name = 'two';
select is((select string_agg(concat_ws(' ', e ->> 'type', e ->> 'recipient', e #>> '{detail,text}'), ', ' order by n) from jsonb_array_elements(public.email_queue_events(id)) with ordinality as l(e, n)),
  'email.sent user@b.example, email.bounced user@b.example no such user', 'the events alone') from m where name = 'two';
select is((select array_agg(k order by k) from jsonb_object_keys(public.email_queue_events(id) -> 0) as k), '{detail,occurred_at,received_at,recipient,type}', 'with their times') from m where name = 'two';
select is(public.email_queue_events(pg_temp.token(1)), '[]', 'of an unknown message none');
select is((public.email_queue_show(id) #> '{suppressed,0}') - 'since'::text, '{"address": "user@b.example", "reason": "bounce", "topic": null}', 'who is suppressed since') from m where name = 'two';
select is(jsonb_array_length(public.email_queue_show(pg_temp.of('scheduled')) -> 'suppressed'), 1, 'and so is another mail to the address');
select public.email_queue_erase(id) from m where name = 'two';
select is(pg_temp.way(id), 'enqueued, attempt 1 refused try later, claimed, accepted 2, ended completed, event email.sent, event email.bounced', 'erased: neither address nor detail') from m where name = 'two';
select is(public.email_queue_show(id) -> 'suppressed', '[]', 'erased: nobody knows to whom it went') from m where name = 'two';
select public.email_queue_unsuppress('user@b.example');

-- Frozen.
insert into m values ('frozen', pg_temp.mail());
update d set d = pg_temp.claim(3);
select pg_temp.start(d) from d;
select pg_temp.freeze(d, '{"delay_ms": 60000, "error": {"class": "unknown", "message": "time-out"}}') from d;
select pg_temp.way(id, 'enqueued, claimed, attempt 1 unknown time-out, to come: waits replay until', 'frozen: it waits for its replay') from m where name = 'frozen';
select pg_temp.can(id, array['it may have been sent: it waits for its replay', 'it is processing, not failed', 'it is processing, not failed', 'it may have been sent: it waits for its replay'], 'frozen: nothing') from m where name = 'frozen';
select pg_temp.agrees(id, 'frozen: the calls agree') from m where name = 'frozen';
insert into email_queue_private.breaker (scope, streak, next_at) values ('batch:', 3, clock_timestamp() + interval '1 minute');
select pg_temp.way(id, 'enqueued, claimed, attempt 1 unknown time-out, to come: waits replay until', 'a replay does not wait for the circuit breaker') from m where name = 'frozen';
select public.email_queue_pause('test');
select pg_temp.way(id, 'enqueued, claimed, attempt 1 unknown time-out, to come: waits replay until, to come: waits paused open', 'but for a pause') from m where name = 'frozen';
select public.email_queue_resume();
update d set d = pg_temp.claim(4);
select pg_temp.start(d) from d;
select pg_temp.expire(d) from d;
select pg_temp.way(id, 'enqueued, claimed leased, attempt 1 unknown time-out, attempt 2, to come: waits replay until', 'its worker is gone') from m where name = 'frozen';
update email_queue_private.dispatch set attempt = 99 where settled_at is null;
select pg_temp.sweep();
select is(pg_temp.status(id), 'failed:unknown_outcome', 'its attempts are used up') from m where name = 'frozen';
select pg_temp.can(id, array['it is failed already', 'it may have been sent: redrive it with duplicates allowed', null, null], 'unknown outcome: no redrive without a word') from m where name = 'frozen';
select is(pg_temp.way(id) like '%redriven%', false, 'it is not redriven') from m where name = 'frozen';
-- What the test does after this sees none of it.
savepoint redriven;
select public.email_queue_redrive(array[id], p_allow_duplicates => true) from m where name = 'frozen';
select alike(pg_temp.way(id), '%attempt 1 unknown time-out, %, redriven', 'a redrive, after what was before it') from m where name = 'frozen';
rollback to redriven;
select pg_temp.agrees(id, 'unknown outcome: the calls agree') from m where name = 'frozen';
select alike(pg_temp.way(id), 'enqueued, claimed, attempt 1 unknown time-out, %, ended unknown_outcome failed', 'unknown outcome') from m where name = 'frozen';

-- Failed for each other reason.
insert into m values ('rejected', pg_temp.mail());
select pg_temp.settle(d, '{"answer": "none", "rest": "fail", "error": {"class": "rejected", "name": "validation_error", "message": "no"}}') from (select pg_temp.claim(5) as d) as c;
select pg_temp.way(id, 'enqueued, claimed, attempt 0 rejected no, ended rejected failed', 'rejected') from m where name = 'rejected';
select pg_temp.can(id, array['it is failed already', null, null, null], 'rejected: all but cancel') from m where name = 'rejected';
select pg_temp.agrees(id, 'rejected: the calls agree') from m where name = 'rejected';
insert into m values ('exhausted', pg_temp.mail('{"max_attempts": 1}'));
update d set d = pg_temp.claim(6);
select pg_temp.start(d) from d;
select pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "error": {"class": "refused"}}') from d;
select pg_temp.way(id, 'enqueued, claimed, attempt 1 refused, ended exhausted failed', 'exhausted') from m where name = 'exhausted';
insert into m values ('expired', pg_temp.mail(jsonb_build_object('send_before', clock_timestamp() + interval '1 minute')));
update email_queue_private.ready set send_before = clock_timestamp() - interval '1 second' where send_before is not null;
select pg_temp.sweep();
select pg_temp.way(id, 'enqueued, ended expired failed', 'expired') from m where name = 'expired';
select public.email_queue_suppress('user@b.example', 'complaint'), public.email_queue_suppress('other@b.example', 'unsubscribe', 'news'), public.email_queue_suppress('third@b.example', 'manual', null, null, true);
insert into m values ('suppressed', pg_temp.mail());
select pg_temp.claim(7);
select pg_temp.way(id, 'enqueued, ended suppressed failed', 'suppressed') from m where name = 'suppressed';
select pg_temp.can(id, array['it is failed already', 'every recipient is suppressed: remove an entry first', null, null], 'suppressed: no redrive') from m where name = 'suppressed';
select pg_temp.agrees(id, 'suppressed: the calls agree') from m where name = 'suppressed';
insert into m values ('three', pg_temp.mail('{}', '{"to": ["User <USER@b.example>", {"email": "other@b.example"}], "cc": "third@b.example"}')),
  ('news', pg_temp.mail('{"topic": "news"}', '{"to": ["other@b.example", "third@b.example"]}'));
create function pg_temp.suppressed(p_id uuid) returns text language sql as $$
  select string_agg(concat_ws(' ', coalesce(s ->> 'address', 'hidden'), s ->> 'reason', s ->> 'topic'), ', ' order by n) from jsonb_array_elements(public.email_queue_show(p_id) -> 'suppressed') with ordinality as e(s, n)
$$;
select is(pg_temp.suppressed(pg_temp.of('three')), 'user@b.example complaint, hidden manual', 'the recipients that are suppressed, for this mail');
select is(pg_temp.suppressed(pg_temp.of('news')), 'other@b.example unsubscribe news, hidden manual', 'an unsubscribe counts for its topic');

-- Secret.
insert into m values ('secret', pg_temp.mail('{"secret": true}', '{"to": "user@b.example", "subject": "Your code is 123456"}'));
select unalike(public.email_queue_show(id)::text, '%123456%', 'secret: its payload is not shown') from m where name = 'secret';
select is(pg_temp.suppressed(id), 'user@b.example complaint', 'secret: its recipients are known') from m where name = 'secret';

-- A task of another type.
insert into m values ('task', (public.email_queue_enqueue('{"to": "user@b.example"}', 'report') ->> 'id')::uuid);
select public.email_queue_pause('test');
select pg_temp.way(id, 'enqueued', 'a pause does not concern a task') from m where name = 'task';
select is(public.email_queue_show(id) -> 'suppressed', '[]', 'nor do suppressions') from m where name = 'task';

select * from finish();
rollback;
