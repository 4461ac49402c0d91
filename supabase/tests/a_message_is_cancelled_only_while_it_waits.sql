begin;
\ir helpers.psql
select plan(17);

create temp table m as select pg_temp.mail() as id;
select is(public.email_queue_cancel(id), jsonb_build_object('id', id, 'result', 'cancelled'), 'a pending message is cancelled') from m;
select is(pg_temp.status(id), 'cancelled', 'it says so') from m;
select is(pg_temp.claim(1), null, 'and is not claimed');
select is(public.email_queue_cancel(id), jsonb_build_object('id', id, 'result', 'cancelled', 'reason', 'it is cancelled already'), 'again it changes nothing') from m;
select is(public.email_queue_cancel(pg_temp.token(99)) ->> 'result', 'not_found', 'one that does not exist');

truncate m;
insert into m select pg_temp.mail();
create temp table d as select pg_temp.claim(2) as dispatch;
select is(public.email_queue_cancel(id), jsonb_build_object('id', id, 'result', 'processing', 'reason', 'a worker has it'), 'one that a worker has is refused') from m;
select pg_temp.begin(dispatch), pg_temp.freeze(dispatch) from d;
select is(public.email_queue_cancel(id), jsonb_build_object('id', id, 'result', 'processing', 'reason', 'it may have been sent: it waits for its replay'), 'one that may have been sent is refused') from m;
select is(public.email_queue_erase(id) ->> 'reason', 'it may have been sent: it waits for its replay', 'nor is it erased') from m;
select is(pg_temp.members(pg_temp.claim(3)), array[id], 'it is replayed') from m;
select is(public.email_queue_erase(id) ->> 'result', 'processing', 'and is not erased meanwhile') from m;
select pg_temp.begin(dispatch), pg_temp.complete(dispatch) from (select dispatch || jsonb_build_object('token', pg_temp.token(3)) as dispatch from d) as d;
select is(public.email_queue_cancel(id) ->> 'result', 'completed', 'a completed one is refused') from m;
select is(public.email_queue_erase(id) ->> 'result', 'erased', 'but can be erased') from m;
select is(public.email_queue_get(id) -> 'payload', 'null', 'its payload is gone') from m;

select is(public.email_queue_erase(pg_temp.mail()) ->> 'reason', 'it waits to be sent: cancel it first', 'a waiting one is not erased');

-- A lease that is over is nobody's.
truncate m, d;
insert into m select pg_temp.mail();
insert into d select pg_temp.claim(4);
select pg_temp.expire(dispatch) from d;
select is(public.email_queue_cancel(id) ->> 'reason', 'its worker''s lease is over, and it was not sent: the next run takes it over', 'one that no worker has') from m;
select public.email_queue_pause('the key is revoked');
select is(public.email_queue_cancel(id) ->> 'reason', 'its worker''s lease is over, and it was not sent: the next run takes it over, not before the pause ends', 'nor will have soon') from m;
truncate m;
insert into m select pg_temp.mail('{"type": "report"}');
select public.email_queue_dequeue(array['report'], array[pg_temp.token(5)]);
update email_queue_private.dispatch set visible_at = clock_timestamp() - interval '1 second' where type = 'report';
select is(public.email_queue_cancel(id) ->> 'reason', 'its consumer''s lease is over: cancel it after the next dequeue, which puts it back', 'one that no consumer has') from m;

select * from finish();
rollback;
