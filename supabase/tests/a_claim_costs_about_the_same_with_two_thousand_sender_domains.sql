begin;
\ir helpers.psql
select plan(13);

-- Blocks of a claim of one message: counted, as a time would depend on the machine.
create function pg_temp.blocks() returns bigint language plpgsql as $$
declare
  v_plan json;
begin
  execute format($q$explain (analyze, buffers, format json) select public.email_queue_worker_work('{"claim": {"tokens": ["%s"], "max_messages": 1}}')$q$, gen_random_uuid()) into v_plan;
  return (v_plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (v_plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
end
$$;
-- The least of ten: plans are made, and pages are pruned, in some of them.
create function pg_temp.least_blocks() returns bigint language sql as $$ select min(pg_temp.blocks()) from generate_series(1, 10) $$;
create function pg_temp.fill(p_domain text, p_count integer, p_each integer, p_delay interval default '0') returns void language sql as $$
  insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, max_attempts, type, lane)
  select email_queue_private.new_id(), clock_timestamp() + p_delay, clock_timestamp(), 100, 2, 15, 'email', 'batch:' || p_domain || case when p_count > 1 then n::text else '' end || '.example'
  from generate_series(1, p_count) as n cross join generate_series(1, p_each)
$$;

select pg_temp.fill('one', 1, 100);
create temp table cost as select 'one' as of, pg_temp.least_blocks() as blocks;
truncate email_queue_private.ready, email_queue_private.dispatch;
select pg_temp.fill('d', 2000, 10);
-- The first has no dispatch to begin after.
select pg_temp.blocks();
insert into cost select 'many', pg_temp.least_blocks();
-- In all of a claim, of which this is a part, it is less than twice as many: docs/bench.md.
select cmp_ok((select m.blocks from cost as m where m.of = 'many'), '<=', (select o.blocks * 4 from cost as o where o.of = 'one'), 'two thousand domains cost at most four times the blocks of one');

-- After a day of newsletters, the first mail of another priority.
insert into email_queue_private.dispatch (id, created_at, updated_at, settled_at, bytes, priority, attempts_allowed, type, lane, message_ids, member_attempts, turn)
select email_queue_private.new_id(), clock_timestamp(), clock_timestamp(), clock_timestamp(), 1, 2, 1, 'email', 'batch:d1.example', '{}', '{}', true from generate_series(1, 5000);
insert into cost select 'day', pg_temp.least_blocks();
update email_queue_private.ready set priority = 0;
insert into cost select 'other', pg_temp.blocks();
select cmp_ok((select m.blocks from cost as m where m.of = 'other'), '<=', (select o.blocks * 3 from cost as o where o.of = 'day'), 'the first claim of a priority does not look through those of the others');

-- In trouble, it chooses among more lanes, but not among all.
create function pg_temp.trouble(p_lanes integer, p_wait interval, p_each integer default 2) returns bigint language plpgsql as $$
begin
  truncate email_queue_private.ready, email_queue_private.dispatch, email_queue_private.breaker;
  perform pg_temp.fill('d', p_lanes, p_each);
  insert into email_queue_private.breaker (scope, requests, streak, next_at) values ('batch:', 4, case when p_wait > '0' then 3 else 1 end, clock_timestamp() + p_wait);
  return pg_temp.blocks();
end
$$;
insert into cost select 'trouble ' || n, pg_temp.trouble(n, '0') from unnest(array[200, 2000]) as n;
select is((select count(*) from email_queue_private.dispatch), 1::bigint, 'in trouble it claims');
select cmp_ok((select m.blocks from cost as m where m.of = 'trouble 2000'), '<=', (select o.blocks * 3 / 2 from cost as o where o.of = 'trouble 200'), 'in trouble, two thousand domains cost about what two hundred do');
insert into cost select 'closed ' || n, pg_temp.trouble(n, '1 hour') from unnest(array[200, 2000]) as n;
select cmp_ok((select m.blocks from cost as m where m.of = 'closed 2000'), '<=', (select o.blocks * 3 / 2 from cost as o where o.of = 'closed 200'), 'and while the endpoint is closed');

-- Its turn comes to each of them, in trouble too.
select pg_temp.trouble(300, '0', 20);
do $$ begin
  for n in 1..620 loop
    update email_queue_private.dispatch set settled_at = clock_timestamp(), token = null, visible_at = null, message_ids = '{}', member_attempts = '{}' where settled_at is null;
    perform pg_temp.blocks();
  end loop;
end $$;
select is((select count(distinct lane) from email_queue_private.dispatch), 300::bigint, 'in trouble each of many domains has its turn');
truncate email_queue_private.breaker;

-- In turns: no lane is claimed from again before all were.
truncate email_queue_private.ready, email_queue_private.dispatch;
select pg_temp.fill('e', 30, 10);
do $$ begin for n in 1..30 loop perform pg_temp.blocks(); end loop; end $$;
select is((select count(distinct lane) from email_queue_private.dispatch), 30::bigint, 'thirty claims take one message of each of thirty domains');
do $$ begin for n in 1..30 loop perform pg_temp.blocks(); end loop; end $$;
select is((select array_agg(distinct n) from (select count(*) as n from email_queue_private.dispatch group by lane) as l), array[2::bigint], 'and then one more of each');

-- The best priority first, wherever its lane is.
insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, max_attempts, type, lane)
select email_queue_private.new_id(), clock_timestamp(), clock_timestamp(), 100, p, 15, 'email', lane from (values (1, 'batch:a.example'), (0, 'batch:z.example')) as u(p, lane);
do $$ begin perform pg_temp.blocks(); perform pg_temp.blocks(); end $$;
select is((select array_agg(lane order by id) from (select id, lane from email_queue_private.dispatch order by id desc limit 2) as d), array['batch:z.example', 'batch:a.example'], 'the best priority goes first');

-- Domains that were refused do not fill the places of the others.
truncate email_queue_private.ready, email_queue_private.dispatch;
select pg_temp.fill('r', 50, 5);
insert into email_queue_private.paused_domain (domain, paused_at, paused_until, reason, refusals, first_refused_at) select 'r' || n || '.example', clock_timestamp() - interval '1 hour', clock_timestamp() - interval '1 minute', 'x', 1, clock_timestamp() - interval '1 hour' from generate_series(1, 50) as n;
select pg_temp.fill('zz', 1, 2);
do $$ begin perform pg_temp.blocks(); perform pg_temp.blocks(); end $$;
select is((select array_agg(distinct lane) from email_queue_private.dispatch), array['batch:zz.example'], 'a domain that was not refused goes first');
do $$ begin for n in 1..50 loop perform pg_temp.blocks(); end loop; end $$;
select is((select count(distinct lane) from email_queue_private.dispatch), 51::bigint, 'and where no other has mail, each of those that were refused has its turn');

-- Nothing is due while all is scheduled, or paused.
truncate email_queue_private.ready, email_queue_private.dispatch, email_queue_private.paused_domain;
select pg_temp.fill('s', 50, 1, '1 hour');
select is(email_queue_private.next_due_ms('email', null) between 3590000 and 3600000, true, 'scheduled mail is due later');
select pg_temp.fill('t', 1, 1);
select is(email_queue_private.next_due_ms('email', null), 0::bigint, 'what is due is due');

select * from finish();
rollback;
