begin;
select plan(2);

-- PostgREST runs a stable function in a read-only transaction, and the planner may call it once for many rows. So none reads
-- the clock, draws a random number or moves a sequence, nor calls one that does. (jobs gives the text of calls.)
create temp view ours as
  select p.oid, p.proname, p.provolatile, p.prosrc from pg_proc as p
  where p.proname not in ('recorded_objects', 'jobs') and p.pronamespace = 'email_queue_private'::regnamespace or p.oid in (select to_regprocedure('public.' || f) from unnest(email_queue_private.api()) as f);
create temp view unstable as
  with recursive found as (
    select o.oid, o.proname from ours as o where o.prosrc ~ '(clock_timestamp|random|gen_random_uuid|setval|nextval) *[(]'
    union
    select o.oid, o.proname from found as f join ours as o on o.prosrc ~ ('email_queue(_private)?[.]' || f.proname || ' *[(]|public[.]' || f.proname || ' *[(]')
  )
  select o.oid::regprocedure::text as name, o.provolatile from found as f join ours as o on o.oid = f.oid;

select cmp_ok((select count(*)::integer from unstable), '>', 20, 'those that do are found');
select is((select array_agg(name order by name) from unstable where provolatile <> 'v'), null, 'and all of them are volatile');

select * from finish();
rollback;
