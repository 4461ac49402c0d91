begin;
\ir helpers.psql
select plan(30);

create function pg_temp.ids(p_list jsonb) returns uuid[] language sql as $$
  select array(select (e ->> 'id')::uuid from jsonb_array_elements(p_list) with ordinality as x(e, n) order by n)
$$;
-- Of each status: two that have it, one that has another, one that has none.
create temp table m (status text, ids uuid[]);
create function pg_temp.four() returns uuid[] language sql as $$
  select array[pg_temp.mail('{"metadata": {"order": 7, "lines": [{"sku": "a", "count": 2}, {"sku": "b"}]}}'), pg_temp.mail('{"metadata": {"order": 7, "lines": []}}'),
    pg_temp.mail('{"metadata": {"order": 8}}'), pg_temp.mail()]
$$;
insert into m values ('completed', pg_temp.four());
select pg_temp.begin(d), pg_temp.complete(d) from (select pg_temp.claim(1) as d) as c;
insert into m values ('failed', pg_temp.four());
select pg_temp.settle(d, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(2) as d) as c;
insert into m values ('retrying', pg_temp.four());
select pg_temp.begin(d), pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 60000}') from (select pg_temp.claim(3) as d) as c;
insert into m values ('processing', pg_temp.four());
select pg_temp.claim(4);
insert into m values ('cancelled', pg_temp.four());
select public.email_queue_cancel(unnest(ids)) from m where status = 'cancelled';
insert into m values ('pending', pg_temp.four());

select is(pg_temp.ids(public.email_queue_list(status, p_metadata => '{"order": 7}')), array[ids[2], ids[1]], status || ': newest first, and only what has it') from m;
select is(pg_temp.ids(public.email_queue_list(status, p_metadata => '{"lines": [{"sku": "a"}]}')), ids[1:1], status || ': within lists and objects') from m;
select is(pg_temp.ids(public.email_queue_list('pending', p_limit => 1, p_before => ids[2], p_metadata => '{"order": 7}')), ids[1:1], 'a page goes on before an id') from m where status = 'pending';
select is(pg_temp.ids(public.email_queue_list('pending', p_metadata => '{}')), array[ids[3], ids[2], ids[1]], '{} is in all that have any') from m where status = 'pending';
select is(public.email_queue_list('pending', 'report', p_metadata => '{"order": 7}'), '[]', 'with another filter: both must fit');
select is(public.email_queue_list('pending', p_since => clock_timestamp() + interval '1 hour', p_metadata => '{"order": 7}'), '[]', 'with a time too');
select is(pg_temp.ids(public.email_queue_list('pending', p_metadata => null)), array[ids[4], ids[3], ids[2], ids[1]], 'null is no filter') from m where status = 'pending';

select is(pg_temp.ids(public.email_queue_dead_letters('{"metadata": {"order": 7}}')), array[ids[2], ids[1]], 'dead letters, newest first') from m where status = 'failed';
select is(public.email_queue_dead_letters('{"metadata": {"order": 7}, "reason": "exhausted"}'), '[]', 'with another filter');
select is(pg_temp.ids(public.email_queue_dead_letters('{"metadata": null}')), array[ids[4], ids[3], ids[2], ids[1]], 'null is no filter of theirs either') from m where status = 'failed';
select is(public.email_queue_redrive(p_filter => '{"metadata": {"order": 8}}', p_dry_run => true) -> 'redriven', jsonb_build_array(ids[3]), 'a redrive takes what has it') from m where status = 'failed';
select is(public.email_queue_redrive(ids, '{"metadata": {"lines": [{"count": 2}]}}') -> 'redriven', jsonb_build_array(ids[1]), 'of ids too') from m where status = 'failed';
select is(public.email_queue_discard(p_filter => '{"metadata": {"order": 7}}') -> 'discarded', jsonb_build_array(ids[2]), 'a discard takes what still has it') from m where status = 'failed';
select is(pg_temp.ids(public.email_queue_dead_letters()), array[ids[4], ids[3]], 'the others stay') from m where status = 'failed';

create function pg_temp.refuses(p_call text, p_field text, p_why text) returns text language plpgsql as $$
declare
  v_detail text;
begin
  execute p_call;
  return fail(p_call);
exception when invalid_parameter_value then
  get stacked diagnostics v_detail = pg_exception_detail;
  return is(v_detail || ': ' || sqlerrm, format('field=%s: email_queue: %1$s: %s', p_field, p_why), left(p_call, 80));
end $$;
select pg_temp.refuses('select public.email_queue_list(''pending'', p_metadata => ''[1]'')', 'metadata', 'must be an object');
select pg_temp.refuses(format('select public.email_queue_list(''pending'', p_metadata => %L)', jsonb_build_object('a', repeat('x', 16384))), 'metadata', 'must be at most 16 kB');
select pg_temp.refuses(format('select public.email_queue_list(''pending'', p_metadata => %L)', '{"a":' || repeat('[', 33) || repeat(']', 33) || '}'), 'metadata', 'is nested more than 32 deep');
select pg_temp.refuses(format('select public.email_queue_%s(p_filter => ''{"metadata": "order"}'')', f), 'filter.metadata', 'must be an object') from unnest(array['dead_letters', 'redrive', 'discard']) as f;

select * from finish();
rollback;
