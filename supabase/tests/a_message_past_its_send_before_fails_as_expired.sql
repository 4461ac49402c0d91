begin;
\ir helpers.psql
select plan(13);

create function pg_temp.late(p_ids uuid[]) returns void language sql as $$
  update email_queue_private.message set send_before = clock_timestamp() - interval '1 second' where id = any (p_ids);
  update email_queue_private.ready set send_before = clock_timestamp() - interval '1 second' where id = any (p_ids);
  update email_queue_private.dispatch set send_before = clock_timestamp() - interval '1 second' where message_ids && p_ids;
$$;
create temp table m as select n, pg_temp.mail(jsonb_build_object('send_before', clock_timestamp() + interval '1 hour', 'delay_ms', case n when 1 then 1000 else 0 end)) as id
  from generate_series(1, 5) as n;

select pg_temp.late(array_agg(id)) from m where n in (1, 2);
select public.email_queue_pause('test');
select pg_temp.sweep();
select public.email_queue_resume();
select is((select array_agg(pg_temp.status(id)) from m where n in (1, 2)), '{failed:expired,failed:expired}', 'waiting, scheduled or paused, it ends');
select is((select array_agg(pg_temp.attempts(id)) from m where n in (1, 2)), '{0,0}', 'with no attempt used');

create temp table d as select pg_temp.claim(1) as d;
select is(pg_temp.members(d), (select array_agg(id order by n) from m where n > 2), 'the others are claimed') from d;
select pg_temp.late(array[id]) from m where n = 4;
create temp table b as select pg_temp.begin(d) as b from d;
select is(b ->> 'state', 'changed', 'one that expires between claim and begin changes the dispatch') from b;
select is(b -> 'removed', jsonb_build_array(id), 'and is named') from b, m where n = 4;
select is(pg_temp.status(id), 'failed:expired', 'it ends') from m where n = 4;
select is(pg_temp.begin(d) ->> 'state', 'begun', 'the rest can begin') from d;
select pg_temp.late(array_agg(id)) from m where n > 2;
select is(pg_temp.freeze(d), 'applied', 'once begun and unknown') from d;
select is(pg_temp.begin(pg_temp.claim(2)) ->> 'state', 'begun', 'it is replayed past its send_before');

select pg_temp.late(array[pg_temp.mail(jsonb_build_object('send_before', clock_timestamp() + interval '1 hour'))]);
insert into m values (6, pg_temp.mail(jsonb_build_object('send_before', clock_timestamp() + interval '1 hour')));
create temp table e as select pg_temp.claim(3) as d;
select pg_temp.late(array[id]) from m where n = 6;
select is(pg_temp.begin(d) - 'dispatch_id' - 'removed', '{"state": "ended", "reason": "expired"}', 'a dispatch of expired members only ends') from e;

-- More than one sweep ends.
truncate email_queue_private.ready, email_queue_private.dispatch, email_queue_private.message, email_queue_private.body;
select pg_temp.late(pg_temp.mails(501, jsonb_build_object('send_before', clock_timestamp() + interval '1 hour')));
update email_queue_private.ready set send_before = clock_timestamp() - interval '1 second';
select is(pg_temp.claim(4), null, 'what a sweep leaves is not claimed either');
select is((select count(*)::integer from email_queue_private.ready), 1, 'and ends with the next');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
