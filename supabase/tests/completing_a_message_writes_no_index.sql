begin;
\ir helpers.psql
select plan(3);

create function pg_temp.updates() returns table (updates bigint, hot bigint) language sql as $$
  select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables where relid = 'email_queue_private.message'::regclass
$$;
create temp table before as select * from pg_temp.updates();
select pg_temp.mails(20, '{"metadata": {"order": 7, "lines": [{"sku": "a"}, {"sku": "b"}]}}');
select pg_temp.mails(20, '{"dedup_key": null}');
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
select is(pg_temp.complete(d), 'applied', 'forty messages are completed') from d;
select is(a.updates - b.updates, 40::bigint, 'each is written once') from pg_temp.updates() as a, before as b;
select is(a.hot - b.hot, 40::bigint, 'and no index is written (HOT), with metadata or without') from pg_temp.updates() as a, before as b;

select * from finish();
rollback;
