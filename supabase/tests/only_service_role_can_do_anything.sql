begin;
select plan(18);

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
select is((select array_agg(f.name) from our_function as f where has_function_privilege('supabase_auth_admin', f.oid, 'execute')), '{email_queue_auth_hook(jsonb)}',
  'Supabase Auth can execute its hook alone');
select is((select array_agg(r.name) from our_relation as r where has_table_privilege('supabase_auth_admin', r.oid, 'select, insert, update, delete')), null, 'and reads and writes nothing itself');
select is((select array_agg(f.name) from our_function as f where f.proacl is null or exists (select 1 from aclexplode(f.proacl) as a where a.grantee = 0)), null,
  'nor can PUBLIC');
select is((select array_agg(r.name || ' ' || s.role || ' ' || p) from our_relation as r, stranger as s, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as p
  where has_table_privilege(s.role, r.oid, p)), null, 'anon and authenticated can read and write nothing');
select is((select array_agg(r.name) from our_relation as r, aclexplode(r.relacl) as a where a.grantee = 0), null, 'nor can PUBLIC');
select is((select array_agg(s.role) from stranger as s where has_schema_privilege(s.role, 'email_queue_private', 'usage') or has_schema_privilege(s.role, 'email_queue_private', 'create')), null,
  'and the private schema is closed to them');
select is((select array_agg(f.name order by f.name) from our_function as f join pg_proc as p on p.oid = f.oid where not has_function_privilege('service_role', f.oid, 'execute')
  and p.prokind = 'f'), '{email_queue_auth_hook(jsonb)}', 'service_role can execute every function but that');
select is((select array_agg(f.name order by f.name) from our_function as f join pg_proc as p on p.oid = f.oid where has_function_privilege('service_role', f.oid, 'execute')
  and p.prokind = 'p'), null, 'and none of the procedures that change the schema');
select is((select array_agg(r.name || ' ' || p) from our_relation as r, unnest(array['truncate', 'references', 'trigger']) as p
  where has_table_privilege('service_role', r.oid, p)), null, 'it empties no table');
select ok(not has_table_privilege('service_role', 'email_queue_private.body', 'update'), 'and changes no payload');
select is((select array_agg(r.name) from our_relation as r where r.relkind = 'r' and not exists (select from pg_policy as p where p.polrelid = r.oid)), null, 'every table has a policy for it');
select is(array(select f from unnest(email_queue_private.api()) as f where to_regprocedure('public.' || f) is null), array[]::text[], 'every function of the list is there');
select is((select count(*) from our_function as f where f.schema = 'public'), cardinality(email_queue_private.api())::bigint, 'and no other');
select is((select array_agg(r.name) from our_relation as r where r.relkind = 'r' and not r.relrowsecurity), null, 'row security is on for every table');

set local role anon;
select throws_ok('select * from public.email_queue', '42501', null, 'anon is refused by the view');
reset role;

select * from finish();
rollback;
