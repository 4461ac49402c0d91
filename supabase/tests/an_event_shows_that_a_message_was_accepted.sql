begin;
\ir helpers.psql
\ir events.psql
select plan(53);
-- p_count mails in one dispatch, begun, of unknown outcome, waiting for its replay.
create function pg_temp.frozen(p_token integer, p_count integer, p_settle jsonb default '{"delay_ms": 3600000}') returns uuid[] language plpgsql as $$
declare
  v_ids uuid[] := pg_temp.mails(p_count);
  v_dispatch jsonb := pg_temp.claim(p_token);
begin
  assert pg_temp.members(v_dispatch) = v_ids;
  assert pg_temp.start(v_dispatch) = 'begun';
  perform pg_temp.freeze(v_dispatch, p_settle);
  return v_ids;
end
$$;
create function pg_temp.statuses(p_ids uuid[]) returns text language sql as $$
  select string_agg(pg_temp.status(u.id), ', ' order by u.n) from unnest(p_ids) with ordinality as u(id, n)
$$;
create function pg_temp.sent(p_id uuid) returns text language sql as $$
  select pg_temp.record(pg_temp.event(p_id, 'email.sent'))
$$;
-- Its horizon is over.
create function pg_temp.over(p_id uuid) returns void language sql as $$
  update email_queue_private.dispatch set horizon_at = clock_timestamp() - interval '1 second' where p_id = any (message_ids);
  select pg_temp.sweep();
$$;

-- A frozen dispatch ends when all its members have it, and not before.
create temp table a as select pg_temp.frozen(1, 3) as ids;
select is(pg_temp.sent(ids[1]) || pg_temp.sent(ids[3]), 'recordedrecorded', 'two of three were accepted') from a;
select pg_temp.sweep();
select is(pg_temp.statuses(ids), 'processing, processing, processing', 'a marked member waits for the others') from a;
select is(public.email_queue_erase(ids[1]) ->> 'result', 'processing', 'its body stays') from a;
select pg_temp.sent(ids[2]) from a;
select is(pg_temp.statuses(ids), 'processing, processing, processing', 'an event touches no dispatch') from a;
select pg_temp.sweep();
select is(pg_temp.statuses(ids), 'completed, completed, completed', 'the next sweep ends it: there is no replay') from a;
select is((select provider_message_id from public.email_queue where id = ids[2]), 'p-' || ids[2], 'with the provider''s id') from a;
select is((select attempts::integer from public.email_queue where id = ids[2]), 1, 'and its attempt') from a;
select is((select count(*)::integer from email_queue_private.evidence), 0, 'the sweep leaves no note');
select is(pg_temp.misplaced(), 0::bigint, 'each is in one place');

-- The horizon.
create temp table b as select pg_temp.frozen(2, 2) as ids;
select pg_temp.sent(ids[1]), pg_temp.over(ids[1]) from b;
select is(pg_temp.statuses(ids), 'completed, failed:unknown_outcome', 'at the horizon the marked ones complete, the others do not') from b;
select pg_temp.sent(ids[2]) from b;
select is(pg_temp.statuses(ids), 'completed, completed', 'an event after the end completes it') from b;
select is((select error ->> 'reason' from public.email_queue where id = ids[2]), null, 'it has no reason any more') from b;
select is(pg_temp.misplaced(), 0::bigint, 'each is in one place');

-- The last attempt.
create temp table c as select pg_temp.mails(2, '{"max_attempts": 1}') as ids;
create temp table cd as select pg_temp.claim(3) as d;
select pg_temp.start(d) from cd;
select pg_temp.sent(ids[2]) from c;
select pg_temp.freeze(d) from cd;
select is(pg_temp.statuses(ids), 'failed:unknown_outcome, completed', 'the settle of the last attempt looks for it') from c;

-- Frozen when all is known already; a lease that ran out; a worker without keys.
create temp table e as select pg_temp.mails(2) as ids;
create temp table ed as select pg_temp.claim(4) as d;
select pg_temp.start(d) from ed;
select pg_temp.sent(ids[1]), pg_temp.sent(ids[2]) from e;
select is(pg_temp.freeze(d), 'applied', 'an answer is lost') from ed;
select is(pg_temp.statuses(ids), 'completed, completed', 'its members are known already') from e;
create temp table f as select pg_temp.mails(1) as ids;
create temp table fd as select pg_temp.claim(5) as d;
select pg_temp.start(d) from fd;
select pg_temp.sent(ids[1]) from f;
select pg_temp.expire(d), pg_temp.sweep() from fd;
select is(pg_temp.statuses(ids), 'completed', 'a lease that ran out') from f;
create temp table g as select pg_temp.mails(2) as ids;
create temp table gd as select pg_temp.claim(6) as d;
select pg_temp.start(d, '{"key_window_ms": null}') from gd;
select pg_temp.sent(ids[1]) from g;
select pg_temp.expire(d), pg_temp.sweep() from gd;
select is(pg_temp.statuses(ids), 'completed, failed:unknown_outcome', 'without keys a lost request ends at once') from g;

-- Begin finds the end.
create temp table h as select pg_temp.frozen(7, 2, '{"delay_ms": 0}') as ids;
create temp table hd as select pg_temp.claim(8) as d;
select pg_temp.sent(ids[1]) from h;
update email_queue_private.dispatch set horizon_at = clock_timestamp() - interval '1 second' where id = (select (d ->> 'dispatch_id')::uuid from hd);
select is(pg_temp.start(d), 'ended', 'a replay that comes too late') from hd;
select is(pg_temp.statuses(ids), 'completed, failed:unknown_outcome', 'ends with what is known') from h;

-- A definite answer of a replay decides nothing against it.
create temp table i as select pg_temp.frozen(9, 2, '{"delay_ms": 0}') as ids;
create temp table di as select pg_temp.claim(10) as d;
select pg_temp.sent(ids[1]) from i;
select pg_temp.start(d) from di;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "fail", "reason": "rejected"}') ->> 'result', 'applied', 'a key that was forgotten: the replay is refused') from di;
select is(pg_temp.statuses(ids), 'completed, failed:rejected', 'what was accepted is completed all the same') from i;
select pg_temp.sent(ids[2]) from i;
select is(pg_temp.statuses(ids), 'completed, completed', 'also by a later event') from i;

-- Redriven.
create temp table j as select pg_temp.frozen(11, 1) as ids;
select pg_temp.over(ids[1]) from j;
select is(public.email_queue_redrive(ids, p_allow_duplicates => true) ->> 'redriven', '["' || ids[1] || '"]', 'a dead letter is redriven') from j;
select pg_temp.sent(ids[1]) from j;
select is(pg_temp.statuses(ids), 'completed', 'while it waits an event completes it') from j;
select is(pg_temp.claim(12), null, 'it is not sent again');
select is(pg_temp.misplaced(), 0::bigint, 'each is in one place');
create temp table k as select pg_temp.frozen(13, 2) as ids;
select pg_temp.over(ids[1]) from k;
select public.email_queue_redrive(ids, p_allow_duplicates => true) from k;
-- As it is where the claim had the row in hand when the event came: only its record is left.
insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id, mark)
select 'msg_k', 0, 'email.sent', 'p', 'a@b.example', clock_timestamp(), clock_timestamp(), ids[1], '0123456789ab' from k;
create temp table dk as select pg_temp.claim(14) as d;
select is(pg_temp.members(d), ids[2:2], 'a claim leaves out what was accepted') from dk, k;
select is(pg_temp.statuses(ids), 'completed, processing', 'and completes it') from k;
select is((select bytes from email_queue_private.dispatch where id = (d ->> 'dispatch_id')::uuid), (select bytes from email_queue_private.message where id = ids[2]), 'the dispatch is measured anew') from dk, k;
select is(pg_temp.release(d, 14), 'applied', 'the other is given back') from dk;
select is((select redriven from email_queue_private.ready where id = ids[2]), true, 'and still known as redriven') from k;
insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id, mark)
select 'msg_l', 0, 'email.sent', 'p2', 'a@b.example', clock_timestamp(), clock_timestamp(), ids[2], '0123456789ab' from k;
select is(pg_temp.claim(15), null, 'where none is left there is no dispatch');
select is(pg_temp.statuses(ids), 'completed, completed', 'all is completed') from k;
select is(pg_temp.misplaced(), 0::bigint, 'each is in one place');

-- As it is where the event came after the claim, whose worker was gone before its begin.
create temp table t as select pg_temp.frozen(20, 2) as ids;
select pg_temp.over(ids[1]) from t;
select public.email_queue_redrive(ids, p_allow_duplicates => true) from t;
create temp table td as select pg_temp.claim(21) as d;
select pg_temp.sent(ids[1]), pg_temp.expire(d), pg_temp.sweep() from t, td;
select is(pg_temp.members(pg_temp.claim(22)), ids[2:2], 'who takes a dispatch over leaves out what was accepted meanwhile') from t;
select is(pg_temp.statuses(ids), 'completed, processing', 'and completes it') from t;
select pg_temp.sent(ids[2]), pg_temp.expire(d) from t, td;
update email_queue_private.dispatch set expired_unbegun = 0 where id = (select (d ->> 'dispatch_id')::uuid from td);
select is(pg_temp.claim(23), null, 'where none is left there is no dispatch');
select is(pg_temp.statuses(ids), 'completed, completed', 'all is completed') from t;
select is(pg_temp.misplaced(), 0::bigint, 'each is in one place');

-- A redrive is refused where there is evidence.
create temp table l as select pg_temp.frozen(16, 1) as ids;
select pg_temp.over(ids[1]) from l;
insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id, mark)
select 'msg_m', 0, 'email.sent', 'p3', 'a@b.example', clock_timestamp(), clock_timestamp(), ids[1], '0123456789ab' from l;
select is(public.email_queue_redrive(ids, p_allow_duplicates => true, p_dry_run => true) #>> '{refused,0,reason}', 'it was accepted: the provider reported it', 'a dry run says so') from l;
select is(pg_temp.statuses(ids), 'failed:unknown_outcome', 'and changes nothing') from l;
select is(public.email_queue_redrive(ids, p_allow_duplicates => true) #>> '{refused,0,reason}', 'it was accepted: the provider reported it', 'it is refused') from l;
select is(pg_temp.statuses(ids), 'completed', 'and completed') from l;

-- Redriven, and out of time before a claim.
create temp table n as select pg_temp.frozen(17, 1) as ids;
select pg_temp.over(ids[1]) from n;
select public.email_queue_redrive(ids, p_allow_duplicates => true) from n;
insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id, mark)
select 'msg_n', 0, 'email.sent', 'p4', 'a@b.example', clock_timestamp(), clock_timestamp(), ids[1], '0123456789ab' from n;
update email_queue_private.ready set send_before = clock_timestamp() - interval '1 second' where id = (select ids[1] from n);
select pg_temp.sweep();
select is(pg_temp.statuses(ids), 'completed', 'what was accepted does not expire') from n;

-- What never ended without an answer is not touched: neither cancelled nor rejected messages, nor waiting ones.
create temp table o as select pg_temp.mails(2) as ids;
select pg_temp.record(pg_temp.event(ids[1])) from o;
select is(pg_temp.statuses(ids), 'pending, pending', 'a message that was never sent waits on') from o;
select public.email_queue_cancel(ids[1]), pg_temp.record(pg_temp.event(ids[1], 'email.opened')) from o;
select is(pg_temp.statuses(ids[1:1]), 'cancelled', 'a cancelled one stays cancelled') from o;
select pg_temp.start(c), pg_temp.settle(c, '{"answer": "definite", "rest": "fail", "reason": "rejected"}') from pg_temp.claim(18) as c;
select pg_temp.record(pg_temp.event(ids[2])) from o;
select is(pg_temp.statuses(ids[2:2]), 'failed:rejected', 'a rejected one rejected') from o;
select is(pg_temp.misplaced(), 0::bigint, 'each is in one place');

-- The circuit breaker learns nothing.
insert into email_queue_private.breaker (scope, streak, requests, next_at) values ('batch:', 3, 1, clock_timestamp() + interval '1 hour');
create temp table before as select b::text as b from email_queue_private.breaker as b;
create temp table p as select pg_temp.mails(1) as ids;
insert into email_queue_private.dispatch (id, created_at, updated_at, visible_at, first_begun_at, horizon_at, bytes, priority, attempt, attempts_allowed, wire_version, mark, frozen, endpoint, type, lane, message_ids, member_attempts)
select gen_random_uuid(), now(), now(), now() + interval '1 hour', now(), now() + interval '2 hours', 1, 2, 1, 5, 2, '0123456789ab', true, 'batch', 'email', 'batch:a.example', ids, '{0}' from p;
delete from email_queue_private.ready;
select pg_temp.sent(ids[1]), pg_temp.sweep() from p;
select is(pg_temp.statuses(ids), 'completed', 'evidence ends a dispatch while the breaker is open') from p;
select is((select b::text from email_queue_private.breaker as b), before.b, 'and the breaker stays as it is') from before;
select is((select count(*)::integer from email_queue_private.paused_domain), 0, 'nor is a domain touched');

-- Its body stays, whatever the row says, while an open dispatch names it.
delete from email_queue_private.breaker;
create temp table q as select pg_temp.frozen(19, 1) as ids;
update email_queue_private.message set status = 'completed', completed_at = now() - interval '1 year' where id = (select ids[1] from q);
select is(public.email_queue_erase(ids[1]) ->> 'result', 'processing', 'it is not erased') from q;

select * from finish();
rollback;
