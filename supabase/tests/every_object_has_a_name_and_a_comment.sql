begin;
select plan(8);

create temp view our_relation as
  select c.* from pg_class as c
  where c.relnamespace = 'email_queue_private'::regnamespace or c.relnamespace = 'public'::regnamespace and c.relname like 'email\_queue%';

select isnt(obj_description('email_queue_private'::regnamespace, 'pg_namespace'), null, 'the schema has a comment');
select is((select array_agg(oid::regclass::text) from our_relation where relkind in ('r', 'v') and oid <> all (
  select objoid from pg_description where classoid = 'pg_class'::regclass and objsubid = 0)), null, 'every table and view has one');
select is((select array_agg(c.oid::regclass || '.' || a.attname) from our_relation as c join pg_attribute as a on a.attrelid = c.oid
  where c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null), null, 'every column');
select is((select array_agg(c.oid::regclass::text) from our_relation as c where c.relkind = 'i' and obj_description(c.oid, 'pg_class') is null
  and not exists (select 1 from pg_constraint as k where k.conindid = c.oid)), null, 'every index that belongs to no constraint');
select is((select array_agg(p.oid::regprocedure::text) from pg_proc as p
  where (p.pronamespace = 'email_queue_private'::regnamespace or p.pronamespace = 'public'::regnamespace and p.proname like 'email\_queue%')
    and obj_description(p.oid, 'pg_proc') is null), null, 'every function');
select is((select array_agg(k.conname) from our_relation as c join pg_constraint as k on k.conrelid = c.oid where k.contype = 'c' and k.conname ~ '_check\d*$'), null,
  'every check is named for its rule');
select is((select array_agg(i.relname) from our_relation as i where i.relkind = 'i' and (i.relname ~ '_idx\d*$' or i.relname ~ '_key\d+$')), null, 'every index for its purpose');
select is((select array_agg(c.relname || ' ' || o) from our_relation as c, unnest(array['fillfactor', 'autovacuum_vacuum_scale_factor', 'autovacuum_vacuum_cost_delay']) as o
  where c.relname in ('message', 'ready', 'dispatch') and c.relkind = 'r' and not exists (select 1 from unnest(c.reloptions) as r where r like o || '=%')), null,
  'tables that change have their own fillfactor and autovacuum');

select * from finish();
rollback;
