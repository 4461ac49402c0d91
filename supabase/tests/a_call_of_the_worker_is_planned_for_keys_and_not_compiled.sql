begin;
\ir helpers.psql
select plan(4);

-- What holds inside a call, seen by a trigger.
create temp table seen (name text, value text);
create function pg_temp.look() returns trigger language plpgsql as $$
begin
  insert into seen select n, current_setting(n) from unnest(array['jit', 'enable_seqscan', 'enable_hashjoin', 'lock_timeout', 'plan_cache_mode']) as n;
  return new;
end $$;
create trigger look before insert on email_queue_private.dispatch for each row execute function pg_temp.look();
set local jit = on;
select pg_temp.mail();
select pg_temp.claim(1);
select is((select value from seen where name = 'jit'), 'off', 'nothing is compiled: it took 400 ms where a call takes 5');
select is((select array_agg(name || '=' || value order by name) from seen where name like 'enable%'), '{enable_hashjoin=off,enable_seqscan=off}', 'plans go by keys, whatever the statistics of a table that was empty say');
select is((select value from seen where name = 'plan_cache_mode'), 'force_generic_plan', 'and are kept, whatever the values');
select is(current_setting('jit') || current_setting('enable_seqscan'), 'onon', 'the caller''s settings come back');

select * from finish();
rollback;
