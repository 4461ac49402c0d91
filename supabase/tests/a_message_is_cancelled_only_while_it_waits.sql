begin;
\ir helpers.psql
select plan(14);

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

select * from finish();
rollback;
