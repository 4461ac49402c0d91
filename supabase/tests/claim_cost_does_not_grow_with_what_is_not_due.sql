-- `scripts/test sql` runs it again with a scale of 10, which makes it a million completed, 200,000 scheduled and 50,000 ready.
\if :{?scale}
\else
  \set scale 1
\endif
begin;
\ir helpers.psql
select plan(11);

-- Buffers that a statement reads, functions included. The same call is made a few times before, so that plans are made and
-- catalogues are read.
create function pg_temp.buffers(p_statement text) returns integer language plpgsql as $$
declare
  v_plan json;
  v_buffers integer;
begin
  for i in 1..7 loop
    begin
      execute 'explain (analyze, buffers, timing off, format json) ' || p_statement into v_plan;
      v_buffers := (v_plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::integer + (v_plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::integer;
      raise exception using errcode = 'P0002';
    exception when no_data_found then null; -- what it did is undone, what it counted stays
    end;
  end loop;
  return v_buffers;
end $$;
create function pg_temp.cost() returns integer language sql as $$
  select pg_temp.buffers($q$select public.email_queue_work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000001"], "lease_ms": 60000}}')$q$)
$$;
create function pg_temp.fill(p_count integer, p_lane text, p_priority integer, p_run_at timestamptz, p_status text default null, p_attempts integer default 0, p_type text default 'email') returns void language sql as $$
  with new as materialized (select email_queue_private.new_id() as id from generate_series(1, p_count)),
  body as (insert into email_queue_private.body select id, '{"to": "user@b.example", "from": "shop@a.example", "subject": "Hello", "text": "Hi"}' from new),
  ready as (insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, attempts, max_attempts, type, lane)
    select id, p_run_at, now(), 90, p_priority, p_attempts, 15, p_type, p_lane from new where p_status is null)
  insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type, status, completed_at, attempts)
  select id, now(), p_run_at, p_priority, 15, 90, p_type, p_status, case when p_status is not null then now() end, case when p_status is not null then 1 end from new
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
create function pg_temp.reads(p_statement text, p_limit integer, p_name text) returns text language sql as $$
  select cmp_ok(n, '<', p_limit, p_name || ': ' || n || ' buffers') from pg_temp.buffers(p_statement) as n
$$;
select pg_temp.reads(format('select public.email_queue_get(%L)', d -> 'messages' -> 7 ->> 'id'), 100, 'reading one message does not read the history') from d;
select pg_temp.reads($$select public.email_queue_list('failed')$$, 100, 'nor does listing what failed');
select pg_temp.reads($$select public.email_queue_list('processing', p_limit => 10)$$, 1500, 'nor what is processing');

select * from finish();
rollback;
