-- null where all is as apply_grants leaves it; else what is not. jit: to compile it took 1.6 s, to run it 30 ms.
create function email_queue_private.wrong_grants() returns text
language sql stable set search_path = pg_catalog, pg_temp set jit = off
as $$
  with service as (select r.oid from pg_catalog.pg_roles as r where r.rolname = 'service_role'),
  wanted as (
    select c.oid as relation, upper(btrim(p) collate "C") as privilege
    from email_queue_private.rights() as r join pg_catalog.pg_class as c on c.oid = to_regclass(r.relation)
    cross join lateral regexp_split_to_table(r.rights, ',') as p
  )
  select string_agg(w.what, ', ' order by w.what) from (
    select format('%s may execute %s', coalesce(r.rolname, 'PUBLIC'), p.oid::regprocedure)
    from email_queue_private.our_functions() as p
    cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
    left join pg_catalog.pg_roles as r on r.oid = a.grantee
    where a.grantee = 0 or r.rolname in ('anon', 'authenticated')
    union all
    select format('%s may %s %s', coalesce(r.rolname, 'PUBLIC'), lower(a.privilege_type collate "C"), c.oid::regclass)
    from email_queue_private.our_relations() as c
    cross join lateral aclexplode(c.relacl) as a
    left join pg_catalog.pg_roles as r on r.oid = a.grantee
    where a.grantee = 0 or r.rolname in ('anon', 'authenticated') or r.rolname = 'service_role'
      and not exists (select 1 from wanted as w where w.relation = c.oid and w.privilege = a.privilege_type)
    union all
    select format('%s may use the schema email_queue_private', coalesce(r.rolname, 'PUBLIC'))
    from pg_catalog.pg_namespace as n cross join lateral aclexplode(n.nspacl) as a
    left join pg_catalog.pg_roles as r on r.oid = a.grantee
    where n.nspname = 'email_queue_private' and (a.grantee = 0 or r.rolname in ('anon', 'authenticated'))
    union all
    select 'service_role may not use the schema email_queue_private' from service as s where not has_schema_privilege(s.oid, 'email_queue_private', 'usage')
    union all
    select format('service_role may not execute %s', p.oid::regprocedure)
    from email_queue_private.our_functions() as p cross join service as s
    where p.prokind = 'f' and not has_function_privilege(s.oid, p.oid, 'execute')
    union all
    select format('service_role may not %s %s', lower(w.privilege collate "C"), w.relation::regclass)
    from wanted as w cross join service as s
    where not exists (select 1 from pg_catalog.pg_class as c cross join lateral aclexplode(c.relacl) as a
      where c.oid = w.relation and a.grantee = s.oid and a.privilege_type = w.privilege)
    union all
    select format('row security is off for %s', c.oid::regclass)
    from email_queue_private.our_relations() as c where c.relkind = 'r' and not c.relrowsecurity
  ) as w(what)
$$;
comment on function email_queue_private.wrong_grants() is 'What is open that should be closed, and the other way round; null where nothing is.';
