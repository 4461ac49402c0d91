begin;
\ir helpers.psql
select plan(17);

-- What a dump of the schema alone, squashed migrations or a truncated table leave: every table empty, every sequence unused.
do $$
declare
  v_name text;
begin
  for v_name in select c.oid::regclass from pg_class as c where c.relnamespace = 'email_queue_private'::regnamespace and c.relkind = 'r' loop
    execute format('truncate %s', v_name);
  end loop;
  for v_name in select c.oid::regclass from pg_class as c where c.relnamespace = 'email_queue_private'::regnamespace and c.relkind = 'S' loop
    execute format('alter sequence %s restart', v_name);
  end loop;
end
$$;
grant usage on schema extensions to service_role;
set local role service_role;

create function pg_temp.kept() returns bigint language sql as $$
  select (select count(*) from email_queue_private.setting) + (select count(*) from email_queue_private.budget)
    + (select count(*) from email_queue_private.wiring) + (select count(*) from email_queue_private.prune_cursor)
$$;
create temp table mail as select (public.email_queue_enqueue(
  '{"to": "user@b.example", "from": "shop@a.example", "subject": "Hello", "text": "Hi"}', p_delay_ms => 0) ->> 'id')::uuid as id;
select is((select max_attempts from public.email_queue), 15::smallint, 'enqueue takes the defaults');
select is(public.email_queue_configure() ->> 'rate_limit', '10', 'configure shows them');
select isnt(public.email_queue_stats(), null, 'stats answer');
select isnt(public.email_queue_doctor(), null, 'the doctor answers');
select is(pg_temp.kept(), 0::bigint, 'and nothing of these has written a row');

create temp table claimed as select pg_temp.claim(1) as d;
select is(pg_temp.members((select d from claimed)), array[(select id from mail)], 'a claim finds it');
select is((select pg_temp.begin(d) ->> 'state' from claimed), 'begun', 'it begins');
select is((select pg_temp.freeze(d) from claimed), 'applied', 'without an answer it freezes, with a horizon');
create temp table replay as select pg_temp.claim(2) as d;
select is((select pg_temp.begin(d) ->> 'state' from replay), 'begun', 'its replay begins');
select is((select pg_temp.complete(d) from replay), 'applied', 'and completes');

select is(public.email_queue_configure('{"default_sender": "Shop <shop@a.example>"}') ->> 'default_sender', 'Shop <shop@a.example>', 'configure stores');
select is(public.email_queue_configure() ->> 'default_sender', 'Shop <shop@a.example>', 'what it says');
select is((select pg_temp.status(pg_temp.mail())), 'pending', 'and enqueue reads it');
select isnt(public.email_queue_pause('maintenance'), null, 'pause answers');
select is(pg_temp.claim(3), null, 'and nothing is claimed');
select is(public.email_queue_resume() ->> 'resumed', 'true', 'until it is resumed');
select is(public.email_queue_prune() ->> 'more', 'false', 'retention works');
reset role;

select * from finish();
rollback;
