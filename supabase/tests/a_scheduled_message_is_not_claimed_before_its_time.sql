begin;
\ir helpers.psql
select plan(6);

create temp table m as select pg_temp.mail('{"priority": 0, "delay_ms": 3600000}') as later;
insert into m values (pg_temp.mail(jsonb_build_object('run_at', clock_timestamp() + interval '1 day')));
select is(pg_temp.claim(1), null, 'nothing is due');
create temp table now as select pg_temp.mail() as id;
select is(pg_temp.members(pg_temp.claim(2)), array[id], 'a due one of a worse priority is') from now;
select is((select array_agg(distinct status) from public.email_queue as q join m on q.id = m.later), '{pending}', 'they are pending');

update email_queue_private.ready set run_at = clock_timestamp() - interval '1 second' where priority = 0;
select is(pg_temp.members(pg_temp.claim(3)), (select array_agg(later) from (select later from m order by later limit 1) as x), 'when its time has come it is claimed');
select is((select count(*)::integer from email_queue_private.ready), 1, 'the other still waits');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
