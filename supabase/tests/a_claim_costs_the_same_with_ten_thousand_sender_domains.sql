begin;
\ir helpers.psql
\ir buffers.psql
select plan(24);

create function pg_temp.domains(p_first integer, p_last integer, p_each integer, p_run_at timestamptz, p_name text default 'd') returns void language sql as $$
  with new as materialized (
    select email_queue_private.new_id() as id, n, p_run_at + n * interval '1 microsecond' as at from generate_series(p_first, p_last) as n cross join generate_series(1, p_each)
  ), body as (
    insert into email_queue_private.body select id, '{"to": "user@b.example", "from": "shop@a.example", "subject": "Hello", "text": "Hi"}' from new
  ), ready as (
    insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, max_attempts, type, lane)
    select id, at, now(), 90, 2, 15, 'email', 'batch:' || p_name || n || '.example' from new
  )
  insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type) select id, now(), at, 2, 15, 90, 'email' from new
$$;
create function pg_temp.cost(p_tokens integer, p_more text default '{}') returns integer language sql as $$
  select pg_temp.buffers(format('select public.email_queue_worker_work(%L)', p_more::jsonb || jsonb_build_object('claim',
    jsonb_build_object('tokens', (select jsonb_agg(pg_temp.token(900 + n)) from generate_series(1, p_tokens) as n)))))
$$;
create function pg_temp.uncovered() returns bigint language sql as $$
  select count(*) from email_queue_private.ready as r where not exists (
    select 1 from email_queue_private.lane as l where l.type = r.type and l.lane = r.lane and l.priority = r.priority
      and (l.state in ('open', 'paused') or l.state = 'later' and l.due_at <= r.run_at))
$$;
create function pg_temp.states() returns text language sql as $$
  select coalesce(string_agg(state || ' ' || n, ', ' order by state), '') from (select state, count(*) as n from email_queue_private.lane group by state) as s
$$;
-- Claims until one takes mail of a domain; how many that took.
create function pg_temp.claims_until(p_lane text, p_token integer) returns integer language plpgsql as $$
begin
  for i in 1..10 loop
    perform pg_temp.work(jsonb_build_object('claim', jsonb_build_object('tokens', jsonb_build_array(pg_temp.token(p_token + i), pg_temp.token(p_token + 100 + i)))));
    if exists (select 1 from email_queue_private.dispatch as d where d.lane = p_lane) then
      return i;
    end if;
  end loop;
end $$;

select pg_temp.domains(1, 1, 2000, now() - interval '1 hour');
select is(pg_temp.states(), 'open 1', 'mail of one lane has one hint');
create temp table alone as select pg_temp.cost(1) as one, pg_temp.cost(4) as four, pg_temp.cost(1, '{"count_remaining": true}') as counted;
create function pg_temp.at_most(p_times numeric, p_name text) returns text language plpgsql as $$
declare
  a alone := (select a from alone as a);
  v_one integer := pg_temp.cost(1);
  v_four integer := pg_temp.cost(4);
begin
  return ok(v_one <= a.one * p_times and v_four <= a.four * p_times, format('%s: at most %s times the buffers: %s and %s instead of %s and %s', p_name, p_times, v_one, v_four, a.one, a.four));
end $$;
select pg_temp.domains(2, 5000, 10, now() - interval '50 minutes');
select pg_temp.domains(5001, 10000, 10, now() - interval '40 minutes', 'p');
select pg_temp.at_most(1.5, '10,000 sender domains');
select pg_temp.at_most(1.5, 'and again');
insert into email_queue_private.paused_domain (domain, paused_at, reason) select 'p' || n || '.example', now(), 'test' from generate_series(5001, 10000) as n;
select email_queue_private.move_lanes('p' || n || '.example') from generate_series(5001, 10000) as n;
select is(pg_temp.states(), 'open 5000, paused 5000', 'a pause takes hints out of the way');
select pg_temp.at_most(2, '5,000 of them are paused');
select pg_temp.domains(1, 5000, 1, now() + interval '1 day', 's');
select is(pg_temp.states(), 'later 5000, open 5000, paused 5000', 'what is scheduled is out of the way from the beginning');
select pg_temp.at_most(2, 'and 5,000 have scheduled mail alone');
select cmp_ok(pg_temp.cost(1, '{"count_remaining": true}'), '<', 30000, 'counting what remains is bounded');

-- One domain has 100,000 waiting, another a single mail.
update email_queue_private.dispatch set token = null, visible_at = clock_timestamp() + interval '1 hour' where token is not null;
delete from email_queue_private.ready where lane like 'batch:d%';
select pg_temp.domains(1, 1, 100000, now() - interval '1 hour', 'big');
select is(jsonb_array_length(pg_temp.claim(2000) -> 'messages'), 100, 'a claim finds the mail that there is, although 5,000 hints lead to nothing') from generate_series(1, 1);
select pg_temp.work(jsonb_build_object('claim', jsonb_build_object('tokens', jsonb_build_array(pg_temp.token(2000 + n))))) from generate_series(1, 6) as n;
select cmp_ok((select count(*) from email_queue_private.lane where state = 'open'), '<=', 11::bigint, 'which are set aside');
select pg_temp.domains(0, 0, 1, now(), 'tiny');
select cmp_ok(pg_temp.claims_until('batch:tiny0.example', 3000), '<=', 2, 'one mail behind 100,000 of another domain leaves within two claims');
select is(pg_temp.uncovered(), 0::bigint, 'all mail has hints');

-- An hour later.
update email_queue_private.ready set run_at = run_at - interval '25 hours' where lane like 'batch:s%';
update email_queue_private.lane set due_at = due_at - interval '25 hours', look_at = look_at - interval '25 hours' where state = 'later';
select pg_temp.sweep();
select cmp_ok((select count(*) from email_queue_private.lane where state = 'open'), '>', 100::bigint, 'what was scheduled is found when it is due');
select cmp_ok((select count(*) from email_queue_private.lane where state = 'later'), '>', 4000::bigint, 'a bounded number at a time');
select public.email_queue_resume('p5001.example');
select is((select state from email_queue_private.lane where lane = 'batch:p5001.example'), 'open', 'a resumed domain is back at once');
update email_queue_private.paused_domain set paused_until = clock_timestamp(), refusals = 1, first_refused_at = now() where domain = 'p5002.example';
update email_queue_private.lane set look_at = clock_timestamp() - interval '1 year' where lane = 'batch:p5002.example';
select pg_temp.sweep();
select is((select state || ' ' || refused from email_queue_private.lane where lane = 'batch:p5002.example'), 'open true', 'one whose pause is over after the next sweep, behind those that are not refused');

-- Rows that are not there.
truncate email_queue_private.lane;
select isnt(pg_temp.claim(4000), null, 'without hints a claim makes them');
select is(pg_temp.uncovered(), 0::bigint, 'all of them');
delete from email_queue_private.lane where lane like 'batch:s%';
select isnt(pg_temp.uncovered(), 0::bigint, 'where some are lost');
select email_queue_private.retain();
select is(pg_temp.uncovered(), 0::bigint, 'the retention job makes them');

-- Turns.
truncate email_queue_private.ready, email_queue_private.lane;
select pg_temp.domains(1, 20, 300, now() - interval '1 hour', 't');
select is((select count(distinct pg_temp.lane(pg_temp.claim(6000 + n))) from generate_series(1, 20) as n), 20::bigint, 'many lanes take turns');
select is((select count(*) from email_queue_private.lane where turn is null), 0::bigint, 'and their hints are put in their place, so that the next claim need not pass them');

-- A small queue writes nothing.
truncate email_queue_private.ready, email_queue_private.lane;
select pg_temp.mail('{}', '{"from": "x@a.example"}'), pg_temp.mail('{}', '{"from": "x@b.example"}');
create temp table before as select l.ctid as place, l.id, l.state from email_queue_private.lane as l;
select pg_temp.claim(5000), pg_temp.claim(5001), pg_temp.claim(5002);
select pg_temp.mail('{}', '{"from": "x@a.example"}');
select is((select array_agg(l.ctid::text || l.state order by l.id) from email_queue_private.lane as l), (select array_agg(b.place::text || b.state order by b.id) from before as b), 'a queue of few senders changes no hint, and makes each once');
select is((select array_agg(lane order by lane) from email_queue_private.lane), '{batch:a.example,batch:b.example}', 'of each lane');

select * from finish();
rollback;
