begin;
\ir helpers.psql
select plan(10);

select pg_temp.mails(5, '{"priority": 0}', '{"from": "x@Stop.example"}');
create temp table other as select pg_temp.mail('{"priority": 3}') as id;
select is(public.email_queue_pause('not verified', 'STOP.example') ->> 'domain', 'stop.example', 'a domain is paused in any case');
select is(pg_temp.members(pg_temp.claim(1)), array[id], 'others go on') from other;
select is(pg_temp.claim(2), null, 'its own wait');
select is(public.email_queue_resume('stop.example') -> 'resumed', 'true', 'resumed');
select is(public.email_queue_resume('stop.example') -> 'resumed', 'false', 'once');
select throws_ok($$select public.email_queue_resume('')$$, '22023', 'email_queue: domain: must be a sender''s domain, as in example.com', 'no domain is not the queue');
create temp table d as select pg_temp.claim(3) as d;
select is(jsonb_array_length(d -> 'messages'), 5, 'they are claimed') from d;

select public.email_queue_pause('again', 'stop.example', 60);
select is(pg_temp.begin(d) ->> 'state', 'paused', 'what was claimed before does not begin') from d;
select pg_temp.expire(d) from d;
select is(pg_temp.claim(4), null, 'a waiting dispatch of the domain waits');
update email_queue_private.paused_domain set paused_until = clock_timestamp() - interval '1 second';
select is(pg_temp.claim(4) -> 'dispatch_id', d -> 'dispatch_id', 'until its time has passed') from d;

select * from finish();
rollback;
