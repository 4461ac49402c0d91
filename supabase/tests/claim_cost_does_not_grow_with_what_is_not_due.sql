-- `scripts/test sql` runs it again with a scale of 10, which makes it a million completed, 200,000 scheduled and 50,000 ready.
\if :{?scale}
\else
  \set scale 1
\endif
begin;
\ir helpers.psql
\ir buffers.psql
select plan(11);

create function pg_temp.cost() returns integer language sql as $$
  select pg_temp.buffers($q$select public.email_queue_worker_work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000001"], "lease_ms": 60000}}')$q$)
$$;

select pg_temp.fill(5000 * :scale, 'batch:a.example', 2, now());
create temp table alone as select pg_temp.cost() as n;
select cmp_ok(n, '<', 3000, 'claiming 100 of ' || 5000 * :scale || ' reads ' || n || ' buffers') from alone;

create function pg_temp.dearer(p_name text) returns text language plpgsql as $$
declare
  v_with integer := pg_temp.cost();
  v_without integer := (select n from alone);
begin
  return cmp_ok(v_with, '<=', v_without * 12 / 10, format('%s: %s buffers instead of %s', p_name, v_with, v_without));
end $$;
select pg_temp.fill(100000 * :scale, 'batch:a.example', 2, now(), 'completed');
select pg_temp.dearer(100000 * :scale || ' completed');
select pg_temp.fill(20000 * :scale, 'batch:a.example', 0, now() + interval '1 day');
select pg_temp.dearer('and ' || 20000 * :scale || ' scheduled in a better priority');
select pg_temp.fill(5000 * :scale, 'batch:a.example', 2, now() + interval '1 minute', p_attempts => 1);
select pg_temp.dearer('and ' || 5000 * :scale || ' backing off');
select pg_temp.fill(5000 * :scale, 'batch:paused.example', 0, now());
select public.email_queue_pause('test', 'paused.example');
select pg_temp.dearer('and ' || 5000 * :scale || ' of a paused domain');
select pg_temp.fill(5000 * :scale, 'single:', 0, now(), p_type => 'alert');
select pg_temp.dearer('and ' || 5000 * :scale || ' of another type');
insert into email_queue_private.dispatch (id, created_at, updated_at, settled_at, bytes, priority, attempts_allowed, type, lane, message_ids, member_attempts)
select email_queue_private.new_id(), now(), now(), now(), 9000, 2, 15, 'email', 'batch:a.example', '{}', '{}' from generate_series(1, 5000 * :scale);
select pg_temp.dearer('and ' || 5000 * :scale || ' settled dispatches');
analyze email_queue_private.message, email_queue_private.ready, email_queue_private.dispatch;
select pg_temp.dearer('and with statistics');

create temp table d as select pg_temp.claim(1) as d;
select pg_temp.reads(format('select public.email_queue_get(%L)', d -> 'messages' -> 7 ->> 'id'), 100, 'reading one message does not read the history') from d;
select pg_temp.reads($$select public.email_queue_list('failed')$$, 100, 'nor does listing what failed');
select pg_temp.reads($$select public.email_queue_list('processing', p_limit => 10)$$, 1500, 'nor what is processing');

select * from finish();
rollback;
