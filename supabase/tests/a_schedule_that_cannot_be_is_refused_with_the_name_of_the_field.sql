begin;
\ir helpers.psql
\ir extensions.psql
select plan(11);

create function pg_temp.refused(p_every text) returns text language sql as $$
  select throws_like(format('select public.email_queue_schedule(%L)', p_every), 'email_queue: every: must be 1 to 59 seconds%', p_every)
$$;
select pg_temp.refused(e) from unnest(array['', 'often', '0 seconds', '-5 seconds', '1.5 seconds', '7 minutes', '90 seconds', '5 hours', '2 days', '* * * *']) as e;
create or replace function cron.schedule(job_name text, schedule text, command text) returns bigint language plpgsql as $$ begin raise 'invalid schedule: %', schedule; end $$;
select throws_like('select public.email_queue_schedule()', '%pg_cron does not take "10 seconds": invalid schedule%before 1.5 knows no seconds%', 'an old pg_cron knows no seconds');

select * from finish();
rollback;
