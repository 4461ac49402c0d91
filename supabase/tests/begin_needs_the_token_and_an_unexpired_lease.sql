begin;
\ir helpers.psql
select plan(8);

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1) as d;
select is(pg_temp.begin(d, jsonb_build_object('token', pg_temp.token(2))) ->> 'state', 'lost', 'another token begins nothing') from d;
select is(pg_temp.begin(d, '{"token": null}') ->> 'state', 'lost', 'nor does none') from d;
select is(pg_temp.begin(d, jsonb_build_object('dispatch_id', pg_temp.token(3))) ->> 'state', 'lost', 'nor is there an unknown dispatch') from d;
select pg_temp.expire(d) from d;
select is(pg_temp.begin(d) ->> 'state', 'lost', 'after the lease has run out the token is worth nothing, although nobody took it over') from d;
select is((select row(begun, attempt, first_begun_at)::text from email_queue_private.dispatch), '(f,0,)', 'nothing was recorded');
select is(email_queue_private.next_slot(1000) <= clock_timestamp(), true, 'and no slot taken');

create temp table r as select pg_temp.claim(2) as d;
select is(pg_temp.begin(d) ->> 'state', 'lost', 'nor after the takeover') from d;
select is(pg_temp.begin(d) ->> 'state', 'begun', 'the new holder begins') from r;

select * from finish();
rollback;
