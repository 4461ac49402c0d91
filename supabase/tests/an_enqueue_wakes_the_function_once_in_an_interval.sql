begin;
\ir helpers.psql
\ir extensions.psql
select plan(15);

create function pg_temp.calls() returns bigint language sql as $$ select count(*) from email_queue_private.call where cause = 'wake' $$;
-- What a commit would do.
create procedure pg_temp.commit() language plpgsql as $$
begin
  set constraints email_queue_private.waking_is_decided_at_commit immediate;
  set constraints email_queue_private.waking_is_decided_at_commit deferred;
end
$$;
delete from email_queue_private.wiring;
select setval('email_queue_private.next_wake', 0);
select pg_temp.mail();
call pg_temp.commit();
select is(pg_temp.calls(), 0::bigint, 'it is off at first, with no row that says so');
select is(public.email_queue_wake(), '{"on": true, "every_ms": 1000}', 'once in a second, unless told otherwise');
select is(public.email_queue_wake(true, '1 hour'), '{"on": true, "every_ms": 3600000}', 'once in an hour');
savepoint undone;
select pg_temp.mail();
rollback to undone;
call pg_temp.commit();
select is(pg_temp.calls(), 0::bigint, 'what is rolled back wakes nobody');
select pg_temp.mails(3);
select is((select count(*) from email_queue_private.waking), 1::bigint, 'three inserts leave one row for the commit');
call pg_temp.commit();
select is(pg_temp.calls(), 1::bigint, 'which makes one call');
select is((select count(*) from email_queue_private.waking), 0::bigint, 'and no row stays');
select is((select (headers ->> 'X-Email-Queue-Cause') || ' ' || (headers ->> 'Prefer') || ' ' || timeout_milliseconds from net.http_request_queue), 'wake respond-async 5000',
  'it says why, and waits for no run');
-- A clock that was set back: the time of the next wake-up is too far off.
select setval('email_queue_private.next_wake', (extract(epoch from clock_timestamp()) * 1000)::bigint + 36000000);
select pg_temp.mail();
call pg_temp.commit();
select is(pg_temp.calls(), 2::bigint, 'a clock that was set back does not end the wake-ups');
select setval('email_queue_private.next_wake', 0);
select vault.update_secret(id, '') from vault.secrets;
select isnt(pg_temp.mail(), null, 'a wake-up that cannot be sent fails no enqueue');
call pg_temp.commit();
select is(pg_temp.calls() || ' ' || (select count(*) from email_queue_private.waking), '2 0', 'nor its commit, and is not sent');
select is(public.email_queue_wake(false), '{"on": false, "every_ms": null}', 'off');
select setval('email_queue_private.next_wake', 0), pg_temp.mail();
call pg_temp.commit();
select is(pg_temp.calls(), 2::bigint, 'is off');
select is((select array_agg(tgname::text) from pg_trigger where tgrelid = 'email_queue_private.message'::regclass and tgenabled <> 'O'), null, 'which is a value, and alters no table');
select throws_like('select public.email_queue_wake(false, ''1 millisecond'')', 'email_queue: every: must be 100 milliseconds to 1 hour', 'an interval out of bounds is refused');

select * from finish();
rollback;
