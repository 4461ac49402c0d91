begin;
\ir helpers.psql
\ir extensions.psql
select plan(13);

delete from email_queue_private.run;
delete from email_queue_private.call;
create function pg_temp.runs() returns text language sql as $$
  select regexp_replace(pg_temp.finding('runs'), '\d{4}-\d\d-\d\d [\d:.]+\+00', '…', 'g')
$$;
create function pg_temp.asked(p_ago interval) returns void language sql as $$
  insert into email_queue_private.call (request_id, called_at, cause) select coalesce(max(request_id), 0) + 1, clock_timestamp() - p_ago, 'schedule' from email_queue_private.call
$$;
-- A run that was seen last so long ago, and ended then unless p_stopped is null.
create function pg_temp.ran(p_ago interval, p_stopped text, p_reason text default null) returns void language sql as $$
  insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, reason)
  values (gen_random_uuid(), 'schedule', clock_timestamp() - p_ago, clock_timestamp() - p_ago, case when p_stopped is not null then clock_timestamp() - p_ago end, p_stopped, p_reason)
$$;

select is(pg_temp.runs(), 'ok: none has ended yet', 'before the first');
select pg_temp.asked('10 seconds');
select is(pg_temp.runs(), 'ok: none has ended yet', 'a run that was just asked for may be on its way');
select pg_temp.asked('2 minutes');
select is(pg_temp.runs(), 'fail: a run was asked for at … and did not start; no run has ever started', 'asked for, and never started');
select alike(pg_temp.remedy('runs'), 'Look at the function''s logs %', 'deploying mends nothing of that');
insert into net._http_response (id, status_code) select max(request_id), 401 from email_queue_private.call;
update net._http_response set created = created - interval '2 minutes';
select is(pg_temp.runs(), 'ok: none has ended yet', 'a call that was refused started none: the answers say so');
delete from net._http_response;
select pg_temp.ran('3 minutes', 'empty');
select is(pg_temp.runs(), 'fail: a run was asked for at … and did not start; the last sign of a run is of …', 'a run before that says nothing');
select pg_temp.ran('1 minute', 'empty');
select is(pg_temp.runs(), 'ok: the last one ended at … as empty', 'one after it does');
select pg_temp.ran('50 seconds', 'unavailable', 'no connection');
select is(pg_temp.runs(), 'fail: the run of … (schedule) ended as unavailable: no connection', 'how it ended, and why');
select alike(pg_temp.remedy('runs'), 'Nothing to do: %select email_queue_call();', 'an outage is nobody''s to mend');
select pg_temp.ran('40 seconds', null);
select alike(pg_temp.runs(), 'fail: the run of … (schedule) ended as unavailable%', 'one under way is waited for');
select pg_temp.ran('30 seconds', 'paused', 'maintenance');
select is(pg_temp.runs(), 'ok: the last one ended at … as paused: maintenance', 'a pause is another check''s');
select pg_temp.ran('10 minutes', null);
select is(pg_temp.runs(), 'warn: 1 of the 6 runs of the last hour never ended: they were killed', 'one of many never ended');
delete from email_queue_private.run where ended_at is not null and started_at > clock_timestamp() - interval '5 minutes';
delete from email_queue_private.call;
select alike(pg_temp.runs(), 'fail: the run of … (schedule) never ended: its last sign is of …. It was killed%', 'the newest never ended');

select * from finish();
rollback;
