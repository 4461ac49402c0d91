begin;
\ir helpers.psql
\ir extensions.psql
select plan(12);

create function pg_temp.run(p_run jsonb) returns jsonb language sql as $$
  select pg_temp.work(jsonb_build_object('run', jsonb_build_object('id', pg_temp.token(1), 'cause', 'wake') || p_run))
$$;
-- How far off the next wake-up is, in whole seconds.
create function pg_temp.quiet() returns integer language sql as $$
  select greatest(0, round((n.last_value - extract(epoch from clock_timestamp()) * 1000) / 1000))::integer from email_queue_private.next_wake as n
$$;
create function pg_temp.waits() returns boolean language sql as $$ select exists (select from email_queue_private.waking) $$;

delete from email_queue_private.wiring;
select setval('email_queue_private.next_wake', 0);
select is(pg_temp.run('{"quiet_ms": 5000}') -> 'wake_every_ms', 'null', 'where enqueues make no calls, a run is told so');
select is(pg_temp.quiet(), 0, 'and keeps nothing quiet');
select public.email_queue_wake(true, '1 second');
set local role service_role;
select is(pg_temp.run('{"quiet_ms": 5000}') -> 'wake_every_ms', '1000', 'where they do, it is told the interval');
select is(pg_temp.quiet(), 5, 'and keeps them quiet until it has looked again');
select pg_temp.run('{"quiet_ms": 86400000}');
select is(pg_temp.quiet(), 10, 'for ten seconds at most');
reset role;
select pg_temp.mail();
select ok(not pg_temp.waits(), 'an enqueue leaves nothing for its commit');
select is(public.email_queue_call('schedule'), '{"request_id": null, "listening": true}', 'nor does the schedule call');
select isnt(public.email_queue_call() -> 'request_id', 'null', 'but anybody else may');
update email_queue_private.run set last_seen_at = last_seen_at - interval '20 seconds', started_at = started_at - interval '1 minute';
select isnt(public.email_queue_call('schedule') -> 'request_id', 'null', 'a run of which nothing is seen is not believed in');

-- The opening counts for the claim of the same call: what is enqueued after it may make a call.
select pg_temp.run('{"quiet_ms": 0}');
select is(pg_temp.quiet(), 0, 'before it ends it lets them call again');
select pg_temp.mail();
select ok(pg_temp.waits(), 'and the next one does');
select isnt(public.email_queue_call('schedule') -> 'request_id', 'null', 'so does the schedule');

select * from finish();
rollback;
