begin;
\ir helpers.psql
select plan(7);

create function pg_temp.waits(p_base integer, p_cap integer) returns jsonb language sql as $$
  select public.email_queue_configure(jsonb_build_object('retry_base_ms', p_base, 'retry_cap_ms', p_cap));
  select pg_temp.work('{}') -> 'retry_ms'
$$;
select is(pg_temp.work('{}') -> 'retry_ms', '[30000, 60000, 120000, 240000, 480000, 960000, 1920000, 3600000]', 'from half a minute to an hour');
select is(pg_temp.waits(1000, 8000), '[1000, 2000, 4000, 8000]', 'the last one is the cap');
select is(pg_temp.waits(1000, 8001), '[1000, 2000, 4000, 8000, 8001]', 'also where it is no power of two');
select is(pg_temp.waits(5000, 5000), '[5000]', 'a cap like the base is the only one');
select is((select array[w -> 0, w -> -1, to_jsonb(jsonb_array_length(w))] from pg_temp.waits(1, 86400000) as w), '{1,86400000,28}', 'the longest list has 28');

-- The crash of a worker that had not begun waits by the same list.
select pg_temp.waits(2000, 5000);
select pg_temp.mail('{"max_attempts": 9}') as id \gset
create function pg_temp.crash(p_token integer) returns double precision language plpgsql as $$
begin
  update email_queue_private.ready set run_at = clock_timestamp() where run_at > clock_timestamp();
  perform pg_temp.expire(pg_temp.claim(p_token));
  perform pg_temp.expire(pg_temp.claim(p_token + 1));
  perform pg_temp.sweep();
  return (select round(extract(epoch from run_at - entered_at)) from email_queue_private.ready);
end $$;
select is(array[pg_temp.crash(1), pg_temp.crash(3), pg_temp.crash(5), pg_temp.crash(7)], '{2,4,5,5}', 'after a crash as after a failure');
select is(pg_temp.attempts(:'id'), 4, 'each uses an attempt');

select * from finish();
rollback;
