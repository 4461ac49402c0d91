begin;
\ir helpers.psql
select plan(21);

create temp table d (step text, dispatch jsonb);
create temp table m (name text, id uuid);
insert into m values ('rejected', pg_temp.mail('{"max_attempts": 2}'));
insert into d values ('first', pg_temp.claim(1));
select pg_temp.begin(dispatch), pg_temp.settle(dispatch, '{"answer": "definite", "rest": "fail", "error": {"message": "no"}}') from d;
select is(pg_temp.attempts(id), 1, 'it failed after one attempt') from m;

select is(public.email_queue_redrive(array[id], p_dry_run => true), jsonb_build_object('dry_run', true, 'redriven', jsonb_build_array(id), 'refused', '[]'::jsonb), 'a dry run says what it would do') from m;
select is(pg_temp.status(id), 'failed:rejected', 'and does nothing') from m;
select is(public.email_queue_redrive(array[id]) -> 'redriven', jsonb_build_array(id), 'it is redriven') from m;
select is(pg_temp.status(id), 'pending', 'it waits again') from m;
select is(pg_temp.attempts(id), 0, 'with no attempt used') from m;
insert into d values ('second', pg_temp.claim(2));
select is(pg_temp.members(dispatch), array[id], 'it is claimed') from d, m where step = 'second';
select isnt(a.dispatch ->> 'dispatch_id', b.dispatch ->> 'dispatch_id', 'in a new dispatch, so under a new key') from d as a, d as b where a.step = 'first' and b.step = 'second';
select is(public.email_queue_redrive(array[id]) -> 'refused' -> 0 ->> 'reason', 'it is processing, not failed', 'a message in a dispatch is refused with what it is') from m;
select pg_temp.begin(dispatch), pg_temp.complete(dispatch) from d where step = 'second';
select is(pg_temp.status(id), 'completed', 'it ends') from m;
select is(jsonb_array_length(public.email_queue_get(id) -> 'error' -> 'history'), 1, 'and keeps the error of its first life') from m;
select is(public.email_queue_redrive(array[id]) -> 'refused' -> 0 ->> 'reason', 'it is completed, not failed', 'a completed one is refused') from m;
select is(public.email_queue_redrive(array[pg_temp.token(99)]) -> 'refused' -> 0 ->> 'reason', 'there is no such message', 'and one that does not exist');

insert into m values ('unknown', pg_temp.mail());
select pg_temp.begin(c), pg_temp.settle(c, '{"answer": "unknown", "rest": "fail", "reason": "unknown_outcome"}') from (select pg_temp.claim(3) as c) as c;
select is(public.email_queue_redrive(p_filter => '{}') -> 'refused' -> 0 ->> 'reason', 'it may have been sent: redrive it with duplicates allowed', 'what may have been sent is refused');
select is(pg_temp.status(id), 'failed:unknown_outcome', 'and stays') from m where name = 'unknown';
select is(public.email_queue_redrive(p_filter => '{"reason": "unknown_outcome"}', p_allow_duplicates => true) -> 'redriven', jsonb_build_array(id), 'unless duplicates are allowed') from m where name = 'unknown';

select pg_temp.settle(c, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(4) as c) as c;
delete from email_queue_private.body where id = (select id from m where name = 'unknown');
select is(public.email_queue_redrive(p_filter => '{}') -> 'refused' -> 0 ->> 'reason', 'its payload was erased', 'without a payload there is nothing to send');
select throws_ok($$select public.email_queue_redrive()$$, '22023', 'email_queue: ids: is missing: give ids, or a filter ({} for all dead letters)', 'not everything by mistake');
select throws_ok($$select public.email_queue_redrive(p_filter => '{"metadata": {}}')$$, '22023', 'email_queue: filter.metadata: must name at least one key', 'nor everything that has metadata');

select pg_temp.mails(3);
select pg_temp.settle(c, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(5) as c) as c;
select is(jsonb_array_length(public.email_queue_redrive(p_filter => '{"reason": "rejected"}', p_limit => 2) -> 'redriven'), 1, 'bounded: two are looked at, one of them has no payload');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in its place');

select * from finish();
rollback;
