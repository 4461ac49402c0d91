begin;
\ir helpers.psql
select plan(17);

create function pg_temp.age(p_id uuid, p_age interval) returns uuid language plpgsql as $$
declare
  v_id uuid := email_queue_private.first_id(clock_timestamp() - p_age);
begin
  -- An id is not older than its message.
  v_id := (left(v_id::text, 24) || right(p_id::text, 12))::uuid;
  update email_queue_private.message set id = v_id, completed_at = completed_at - p_age, created_at = created_at - p_age where id = p_id;
  update email_queue_private.body set id = v_id where id = p_id;
  update email_queue_private.ready set id = v_id where id = p_id;
  return v_id;
end
$$;
create temp table m (name text, id uuid);
insert into m values ('completed', pg_temp.mail()), ('completed young', pg_temp.mail());
select pg_temp.begin(d), pg_temp.complete(d) from (select pg_temp.claim(1) as d) as c;
insert into m values ('failed', pg_temp.mail()), ('failed long ago', pg_temp.mail());
select pg_temp.settle(d, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(2) as d) as c;
insert into m values ('open', pg_temp.mail());
update m set id = pg_temp.age(id, case name when 'completed young' then '20 days' when 'failed long ago' then '100 days' else '40 days' end::interval);

select is(public.email_queue_prune(), '{"deleted": 2, "erased": 0, "more": false}', 'two are past their time');
select is(public.email_queue_get(id), null, 'a completed one after 30 days') from m where name = 'completed';
select is(public.email_queue_get(id), null, 'a failed one after 90 days') from m where name = 'failed long ago';
select is((select count(*) from email_queue_private.body), 3::bigint, 'with their payloads');
select is(pg_temp.status(id), 'failed:rejected', 'a failed one is kept longer') from m where name = 'failed';
select is(pg_temp.status(id), 'pending', 'an open one is kept for ever') from m where name = 'open';
select is(public.email_queue_prune(), '{"deleted": 0, "erased": 0, "more": false}', 'again there is nothing to do');

select public.email_queue_configure('{"payload_retention": "10 days"}');
select is(public.email_queue_prune(), '{"deleted": 0, "erased": 1, "more": false}', 'payloads can go earlier');
select is(public.email_queue_get(id) -> 'payload', 'null', 'that of a completed one') from m where name = 'completed young';
select isnt(public.email_queue_get(id) -> 'payload', 'null', 'not that of a dead letter') from m where name = 'failed';
select isnt(public.email_queue_get(id) -> 'payload', 'null', 'nor of an open one') from m where name = 'open';

select public.email_queue_configure('{"completed_retention": "1 hour", "failed_retention": "1 hour", "payload_retention": null}');
create temp table p as select public.email_queue_prune(1) as said from generate_series(1, 3);
select is((select array_agg(said -> 'more') from p), array['true', 'true', 'true']::jsonb[], 'a row at a time it goes on where it stopped');
select is((select sum((said ->> 'deleted')::integer) from p), 2::bigint, 'and gets to all that are past their time');
select is(public.email_queue_prune(1), '{"deleted": 0, "erased": 0, "more": false}', 'until the end');
select is((select array_agg(status) from public.email_queue), array['pending'], 'what is left is open');

-- The job goes on for some seconds: the queue may end more in ten minutes than one call looks at.
insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type, status, completed_at, attempts)
select (left(email_queue_private.first_id(clock_timestamp() - interval '2 hours')::text, 24) || to_char(n, 'FM000000000000'))::uuid, t.at, t.at, 2, 15, 2, 'email', 'completed', t.at, 1
from generate_series(1, 25000) as n, (select clock_timestamp() - interval '2 hours' as at) as t;
select is(email_queue_private.retain(), '{"deleted": 25000, "erased": 0, "more": false}', 'the job deletes all that is past its time');
select is((select count(*)::integer from public.email_queue), 1, 'and nothing else');

select * from finish();
rollback;
