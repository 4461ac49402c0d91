begin;
select plan(12);

-- All that is ours, found in the catalogue, so that what is added later is checked too.
create temp view our_function as
  select p.oid, p.oid::regprocedure::text as name, p.proname, p.prosecdef, p.proconfig, p.proacl, p.pronamespace::regnamespace::text as schema, p.proowner
  from pg_proc as p where p.pronamespace = 'email_queue_private'::regnamespace or p.pronamespace = 'public'::regnamespace and p.proname like 'email\_queue%';
create temp view our_relation as
  select c.oid, c.oid::regclass::text as name, c.relkind, c.relacl, c.relnamespace::regnamespace::text as schema, c.relrowsecurity, c.relowner
  from pg_class as c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and (c.relnamespace = 'email_queue_private'::regnamespace or c.relnamespace = 'public'::regnamespace and c.relname like 'email\_queue%');
create temp view stranger as select unnest(array['anon', 'authenticated']) as role;
grant select on our_function, our_relation to public;

select cmp_ok((select count(*)::integer from our_function), '>', 40, 'the functions are found');
select cmp_ok((select count(*)::integer from our_relation), '>', 7, 'the tables and views are found');
select is((select array_agg(f.name || ' ' || s.role) from our_function as f, stranger as s where has_function_privilege(s.role, f.oid, 'execute')), null,
  'anon and authenticated can execute nothing');
select is((select array_agg(f.name) from our_function as f where f.proacl is null or exists (select 1 from aclexplode(f.proacl) as a where a.grantee = 0)), null,
  'nor can PUBLIC');
select is((select array_agg(r.name || ' ' || s.role || ' ' || p) from our_relation as r, stranger as s, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as p
  where has_table_privilege(s.role, r.oid, p)), null, 'anon and authenticated can read and write nothing');
select is((select array_agg(r.name) from our_relation as r, aclexplode(r.relacl) as a where a.grantee = 0), null, 'nor can PUBLIC');
select is((select array_agg(s.role) from stranger as s where has_schema_privilege(s.role, 'email_queue_private', 'usage') or has_schema_privilege(s.role, 'email_queue_private', 'create')), null,
  'and the private schema is closed to them');
select is((select array_agg(f.name order by f.name) from our_function as f where has_function_privilege('service_role', f.oid, 'execute')
  and f.schema <> 'public' and f.proname <> 'append_errors'), null, 'service_role can execute no inner function');
select is((select array_agg(f.name) from our_function as f where f.schema = 'public' and not has_function_privilege('service_role', f.oid, 'execute')), null, 'and every public one');
select is((select array_agg(r.name || ' ' || p) from our_relation as r, unnest(array['insert', 'update', 'delete', 'truncate']) as p
  where has_table_privilege('service_role', r.oid, p)), null, 'it writes to no table');
select is((select array_agg(r.name) from our_relation as r where r.relkind = 'r' and not r.relrowsecurity), null, 'row security is on for every table');

set local role anon;
select throws_ok('select * from public.email_queue', '42501', null, 'anon is refused by the view');
reset role;

select * from finish();
rollback;
