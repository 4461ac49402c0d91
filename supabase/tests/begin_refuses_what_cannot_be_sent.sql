begin;
\ir helpers.psql
select plan(6);

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1) as d;
select is(pg_temp.begin(d, '{"endpoint": "single"}') ->> 'state', 'invalid', 'two messages to the endpoint of one') from d;
select is(pg_temp.begin(d, '{"endpoint": "fax"}') ->> 'state', 'invalid', 'an endpoint that does not exist') from d;
select is(pg_temp.begin(d, '{"endpoint": null}') ->> 'state', 'invalid', 'no endpoint') from d;
select is(pg_temp.begin(d, '{"wire_version": null}') ->> 'state', 'invalid', 'no version of the encoding') from d;
select is(pg_temp.begin(d, '{"timeout_ms": null}') ->> 'state', 'invalid', 'no timeout') from d;
select is((select begun from email_queue_private.dispatch), false, 'nothing has begun');

select * from finish();
rollback;
