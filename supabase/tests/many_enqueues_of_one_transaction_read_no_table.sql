begin;
\ir helpers.psql
select plan(4);

-- The plans of this session are made now, for empty tables, as in a pooled session that is an hour old.
select pg_temp.mail();
select pg_temp.mail('{"dedup_key": "first"}');
select pg_temp.mail('{"dedup_key": "first"}');
select count(public.email_queue_enqueue('{"to": "user@b.example", "subject": "Hello", "text": "Hi"}', p_dedup_key => 'alone')) from generate_series(1, 10);

create temp table before as select relname, seq_tup_read, idx_tup_fetch from pg_stat_xact_user_tables where schemaname = 'email_queue_private';
select count(public.email_queue_enqueue('{"to": "user@b.example", "subject": "Hello", "text": "Hi"}')) from generate_series(1, 500);
select count(public.email_queue_enqueue('{"to": "user@b.example", "subject": "Hello", "text": "Hi"}', p_dedup_key => 'k' || n % 250)) from generate_series(1, 500) as n;
select count(pg_temp.mail(jsonb_build_object('dedup_key', 'k' || n % 250))) from generate_series(1, 100) as n;
create temp table spent as
  select a.relname, a.seq_tup_read - b.seq_tup_read as walked, a.idx_tup_fetch - b.idx_tup_fetch as fetched
  from pg_stat_xact_user_tables as a join before as b using (relname) where a.schemaname = 'email_queue_private';

select is((select count(*) from email_queue_private.message), 753::bigint, 'they are there, each dedup key once');
select is((select walked from spent where relname = 'message'), 0::bigint, 'no message is walked over');
select is((select walked from spent where relname = 'body'), 0::bigint, 'nor a payload');
select cmp_ok((select fetched from spent where relname = 'message'), '<=', 1100::bigint, 'and what is known is found by its key');

select * from finish();
rollback;
