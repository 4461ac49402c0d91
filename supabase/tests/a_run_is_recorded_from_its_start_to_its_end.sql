begin;
\ir helpers.psql
select plan(15);

-- A call of the run p_n: what it says of itself, and whether it claims.
create function pg_temp.run(p_n integer, p_run jsonb default '{}', p_claims boolean default true) returns jsonb language sql as $$
  select pg_temp.work(jsonb_build_object('run', jsonb_build_object('id', pg_temp.token(p_n), 'cause', 'schedule') || p_run)
    || case when p_claims then jsonb_build_object('claim', jsonb_build_object('lease_ms', 60000, 'tokens', jsonb_build_array(pg_temp.token(100 + p_n)))) else '{}' end)
$$;
create function pg_temp.shown(p_n integer) returns text language sql as $$
  select concat_ws(' ', r.cause, case when r.ended_at is null then 'under way' else r.stopped end, r.reason, r.counts) from email_queue_private.run as r where r.id = pg_temp.token(p_n)
$$;

set local role service_role;
select is(pg_temp.run(1, '{"last": true}') -> 'run_ended', 'true', 'a run that finds nothing ends with its first call');
select is(pg_temp.shown(1), 'schedule empty', 'and was empty');
select is(pg_temp.run(2) -> 'run_ended', 'false', 'one that goes on does not');
select is(pg_temp.shown(2), 'schedule under way', 'and is under way');
reset role;
select pg_temp.mail();
select is(pg_temp.run(3, '{"last": true}') -> 'run_ended', 'false', 'nor one that finds something');
select is(pg_temp.shown(3), 'schedule under way', 'it has work to do');
set local role service_role;
select is(pg_temp.run(3, '{"last": true, "report": {"runId": "x", "stopped": "unavailable", "reason": "no answer", "accepted": 1}}', false) -> 'run_ended', 'true', 'its last call says how it ended');
select is(pg_temp.shown(3), 'schedule unavailable no answer {"accepted": 1}', 'in the words of its answer');
select is(pg_temp.run(4, '{"cause": "wake", "last": true, "report": {"stopped": "empty", "accepted": 2}}') -> 'run_ended', 'true', 'a last look that finds nothing brings the report along');
select is(pg_temp.shown(4), 'wake empty {"accepted": 2}', 'which is kept');
select is(pg_temp.run(5, '{"id": "no id", "last": true}') ->> 'run_ended', 'false', 'a record that cannot be written fails no call');
select is(pg_temp.run(5, '{"cause": "malice"}') ->> 'run_ended', 'false', 'nor does a cause that nobody knows');
reset role;
select is((select count(*) from email_queue_private.run where id = pg_temp.token(5)), 0::bigint, 'and neither is kept');

update email_queue_private.run set started_at = started_at - interval '25 hours' where id in (pg_temp.token(1), pg_temp.token(3));
select pg_temp.run(6);
select is((select array_agg(id order by id) from email_queue_private.run), array[pg_temp.token(2), pg_temp.token(4), pg_temp.token(6)], 'runs are kept for a day');
select pg_temp.work('{"claim": {"tokens": []}}');
select is((select count(*) from email_queue_private.run), 3::bigint, 'a worker that says nothing of itself is served all the same');

select * from finish();
rollback;
