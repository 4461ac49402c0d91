begin;
\ir helpers.psql
\ir buffers.psql
select plan(44);

create function pg_temp.ids(p_list jsonb) returns uuid[] language sql as $$
  select array(select (e ->> 'id')::uuid from jsonb_array_elements(p_list) with ordinality as x(e, n) order by n)
$$;
create function pg_temp.fill_with(p_count integer, p_status text, p_attempts integer, p_metadata jsonb) returns void language sql as $$
  select pg_temp.fill(p_count, 'batch:a.example', 2, now(), p_status, p_attempts, p_metadata => p_metadata)
$$;
-- Searches that read a lot, before all others of this session: a plan that fits them must not be kept for what follows.
create function pg_temp.read_a_lot() returns void language plpgsql as $$
begin
  for i in 1..6 loop
    perform public.email_queue_dead_letters('{"text": "nothing"}');
    perform public.email_queue_list(status, p_limit => 1000, p_metadata => '{"kind": "order"}') from kind;
    perform public.email_queue_list(status, p_limit => 1000, p_type => 'report') from kind;
  end loop;
end $$;
create temp table kind (status text, ended text, attempts integer);
insert into kind values ('pending', null, 0), ('retrying', null, 1), ('completed', 'completed', 0), ('failed', 'failed', 0), ('cancelled', 'cancelled', 0);

-- The oldest of each status have what is searched for, and five of the newest. What most of the others have is "kind".
select pg_temp.fill_with(12, ended, attempts, '{"order": {"id": 7}}') from kind;
create temp table since as select clock_timestamp() + interval '2 milliseconds' as since from pg_sleep(0.005);
create temp table size as select pg_relation_size('email_queue_private.message_metadata') as bytes;
select pg_temp.fill_with(50000, ended, 0, null) from kind where status in ('completed', 'failed');
select is(pg_relation_size('email_queue_private.message_metadata'), bytes, 'messages without metadata are not in its index') from size;
select pg_temp.fill_with(500, 'cancelled', 0, '{"only": "cancelled"}');
select pg_temp.fill_with(3000, ended, attempts, '{"kind": "order"}') from kind;
select pg_temp.fill_with(10000, 'completed', 0, '{"kind": "order"}');
select pg_temp.fill_with(5, ended, attempts, '{"order": {"id": 7}}') from kind;
-- So that the planner knows well how many have what, whatever rows are drawn.
alter table email_queue_private.message alter column metadata set statistics 1000;
analyze email_queue_private.message, email_queue_private.ready;

select pg_temp.read_a_lot();

-- To read all of a status takes 2,800 buffers and more.
create function pg_temp.list(p_status text, p_metadata jsonb, p_more text default '') returns text language sql as $$
  select format('select public.email_queue_list(%L, p_limit => 10, p_metadata => %L%s)', p_status, p_metadata, p_more)
$$;
select pg_temp.reads('select public.email_queue_list(''completed'', p_limit => 10)', 200, 'ten completed, whatever their metadata');
select pg_temp.reads(pg_temp.list(status, '{"order": {"id": 7}}'), 1500, status || ', what few have') from kind;
select pg_temp.reads(pg_temp.list(status, '{"order": {"id": 8}}'), 1500, status || ', what none has') from kind;
select pg_temp.reads(pg_temp.list('completed', '{"kind": "order"}'), 1000, 'completed, what many have');

-- A planner that knows how many have it, but not that they are of another status, would walk down from the newest.
select pg_temp.reads(pg_temp.list('completed', '{"only": "cancelled"}'), 1500, 'completed, what only cancelled ones have');
select pg_temp.reads($$select public.email_queue_dead_letters('{"metadata": {"only": "cancelled"}}', 10)$$, 1000, 'dead letters, what only cancelled ones have');

-- The first page has those five and more, the second the rest, and nothing is left to walk to.
create temp table page as select status, pg_temp.ids(public.email_queue_list(status, p_limit => 10, p_metadata => '{"order": {"id": 7}}')) as first from kind;
select is(first || pg_temp.ids(public.email_queue_list(status, p_limit => 10, p_before => first[10], p_metadata => '{"order": {"id": 7}}')),
  array(select q.id from public.email_queue as q where q.status = page.status and q.metadata @> '{"order": {"id": 7}}' order by q.id desc), status || ': two pages of ten have all seventeen') from page;
select is(cardinality(first), 10, status || ': ten on the first') from page;
select pg_temp.reads(pg_temp.list(status, '{"order": {"id": 7}}', format(', p_before => %L', first[10])), 1500, status || ', the second page') from page;
select is(jsonb_array_length(public.email_queue_list(status, p_since => since, p_metadata => '{"order": {"id": 7}}')), 5, status || ': the oldest are too old') from page, since;
select is(public.email_queue_list(status, 'report', p_metadata => '{"order": {"id": 7}}'), '[]', status || ': none of another type') from page;

select pg_temp.reads(format('select public.email_queue_dead_letters(%L, 10)', f), 500, 'dead letters by ' || f)
from unnest(array['{}', '{"metadata": {"order": {"id": 7}}}', '{"metadata": {"order": {"id": 8}}}']) as f;

create function pg_temp.plan(p_query text) returns text language plpgsql as $$
declare
  v_line text;
  v_plan text := '';
begin
  for v_line in execute 'explain (costs off) ' || p_query loop
    v_plan := v_plan || v_line || E'\n';
  end loop;
  return v_plan;
end $$;
set local role service_role;
select pg_temp.plan($$select id, status from public.email_queue where metadata @> '{"order": {"id": 7}}'$$) as plan \gset
reset role;
select alike(:'plan'::text, '%Bitmap Index Scan on message_metadata%', 'service_role''s own searches in the view use the index');

select * from finish();
rollback;
