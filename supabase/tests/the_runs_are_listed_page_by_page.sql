begin;
\ir helpers.psql
select plan(5);

delete from email_queue_private.run where id is not null;
insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, reason, counts)
select pg_temp.token(n), 'schedule', '2026-11-26'::timestamptz + n / 2 * interval '1 minute', '2026-11-27', case when n < 5 then '2026-11-27'::timestamptz end, case when n < 5 then 'empty' end, null, '{"claimed": 1}' from generate_series(1, 5) as n;
create function pg_temp.ids(p_runs jsonb) returns integer[] language sql as $$
  select array(select right(e ->> 'id', 1)::integer from jsonb_array_elements(p_runs) with ordinality as r(e, n) order by n)
$$;
select is(pg_temp.ids(public.email_queue_runs()), array[5, 4, 3, 2, 1], 'newest first');
select is(pg_temp.ids(public.email_queue_runs(2)) || pg_temp.ids(public.email_queue_runs(2, pg_temp.token(4))) || pg_temp.ids(public.email_queue_runs(2, pg_temp.token(2))), array[5, 4, 3, 2, 1], 'page by page, also where two began at once');
select is(public.email_queue_runs() -> 1, jsonb_build_object('id', pg_temp.token(4), 'cause', 'schedule', 'started_at', '2026-11-26'::timestamptz + interval '2 minutes', 'last_seen_at', '2026-11-27'::timestamptz,
  'ended_at', '2026-11-27'::timestamptz, 'stopped', 'empty', 'reason', null, 'counts', '{"claimed": 1}'::jsonb), 'with what came of it');
select is(public.email_queue_runs() #> '{0,ended_at}', 'null', 'one is under way');
select is(public.email_queue_runs(100, pg_temp.token(9)), '[]', 'after a run that is forgotten there is nothing');

select * from finish();
rollback;
