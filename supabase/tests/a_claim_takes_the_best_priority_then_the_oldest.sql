begin;
\ir helpers.psql
select plan(5);

create temp table m (name text, id uuid);
insert into m values ('bulk 1', pg_temp.mail('{"priority": 3}')), ('bulk 2', pg_temp.mail('{"priority": 3}'));
insert into m values ('normal', pg_temp.mail()), ('code', pg_temp.mail('{"priority": 1}'));
insert into m values ('overdue', pg_temp.mail(jsonb_build_object('priority', 3, 'run_at', now() - interval '1 hour')));
create function pg_temp.names(p_dispatch jsonb) returns text[] language sql as $$
  select array(select m.name from unnest(pg_temp.members(p_dispatch)) with ordinality as e(id, n) join m using (id) order by n)
$$;

create temp table d as select pg_temp.claim(1, '{"max_messages": 3}') as d;
select is(pg_temp.names(d), '{code,normal,overdue}', 'priority first, then the time to send at') from d;
select is((d ->> 'priority')::integer, 1, 'a dispatch has the priority of its best member') from d;
select is(pg_temp.names(pg_temp.claim(2, '{"max_messages": 3}')), '{"bulk 1","bulk 2"}', 'then in the order of enqueue');
select is(pg_temp.claim(3), null, 'then nothing is left');

-- A waiting dispatch goes before ready messages of the same priority, and after those of a better one.
select pg_temp.expire(d) from d;
insert into m values ('late code', pg_temp.mail('{"priority": 1}'));
select is(pg_temp.names(pg_temp.claim(4)), '{code,normal,overdue}', 'a dispatch that waits goes first within its priority');

select * from finish();
rollback;
