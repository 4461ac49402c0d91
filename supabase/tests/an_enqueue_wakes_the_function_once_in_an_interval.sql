begin;
\ir helpers.psql
\ir extensions.psql
select plan(11);

create function pg_temp.calls() returns bigint language sql as $$ select count(*) from email_queue_private.call where cause = 'wake' $$;
select setval('email_queue_private.next_wake', 0);
select pg_temp.mail();
select is(pg_temp.calls(), 0::bigint, 'it is off at first');
select is(public.email_queue_wake(), '{"on": true, "every_ms": 1000}', 'once in a second, unless told otherwise');
select is(public.email_queue_wake(true, '1 hour'), '{"on": true, "every_ms": 3600000}', 'once in an hour');
select pg_temp.mails(3);
select is(pg_temp.calls(), 1::bigint, 'three inserts, one call');
select is((select cause || ' ' || (convert_from(body, 'UTF8')::jsonb ->> 'cause') from net.http_request_queue, email_queue_private.call), 'wake wake', 'for that reason');
-- A clock that was set back: the time of the next wake-up is too far off.
select setval('email_queue_private.next_wake', (extract(epoch from clock_timestamp()) * 1000)::bigint + 36000000);
select pg_temp.mail();
select is(pg_temp.calls(), 2::bigint, 'a clock that was set back does not end the wake-ups');
select setval('email_queue_private.next_wake', 0);
select vault.update_secret(id, '') from vault.secrets;
select isnt(pg_temp.mail(), null, 'a wake-up that cannot be sent fails no enqueue');
select is(pg_temp.calls(), 2::bigint, 'and is not sent');
select is(public.email_queue_wake(false) -> 'on', 'false', 'off');
select setval('email_queue_private.next_wake', 0), pg_temp.mail();
select is(pg_temp.calls(), 2::bigint, 'is off');
select throws_like('select public.email_queue_wake(false, ''1 millisecond'')', 'email_queue: every: must be 100 milliseconds to 1 hour', 'an interval out of bounds is refused');

select * from finish();
rollback;
