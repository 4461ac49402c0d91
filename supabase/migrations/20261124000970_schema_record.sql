-- What the migrations made, so that the doctor finds what was changed by hand. A digest of each object, of what reads the
-- same in PostgreSQL 15 and 17. From here on each migration ends with a call of record_schema after apply_grants.

create table email_queue_private.schema_object (
  name text constraint schema_object_pkey primary key,
  digest text not null
);
alter table email_queue_private.schema_object enable row level security;
comment on table email_queue_private.schema_object is 'What the last migration left: one row an object.';
comment on column email_queue_private.schema_object.name is 'The kind and the name.';
comment on column email_queue_private.schema_object.digest is 'Of its definition.';

create function email_queue_private.our_functions() returns setof pg_catalog.pg_proc
language sql stable set search_path = ''
as $$
  select p.* from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
  where n.nspname = 'email_queue_private' or n.nspname = 'public' and p.proname like 'email\_queue\_%'
$$;
comment on function email_queue_private.our_functions() is 'The functions and procedures of email-queue.';

create function email_queue_private.our_relations() returns setof pg_catalog.pg_class
language sql stable set search_path = ''
as $$
  select c.* from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where c.relkind in ('r', 'v', 'S') and (n.nspname = 'email_queue_private' or n.nspname = 'public' and c.relname = 'email_queue')
$$;
comment on function email_queue_private.our_relations() is 'The tables, views and sequences of email-queue.';

create function email_queue_private.schema_objects() returns table (name text, digest text)
language sql stable set search_path = ''
as $$
  select o.name, pg_catalog.md5(o.definition) from (
    select 'function ' || p.oid::regprocedure, concat_ws('|', p.prosrc, p.prosecdef, p.provolatile, p.proconfig::text,
      pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid))
    from email_queue_private.our_functions() as p
    union all
    select 'relation ' || c.oid::regclass, concat_ws('|', c.relkind, c.relrowsecurity, (
      select string_agg(concat_ws(' ', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull), ',' order by a.attnum)
      from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))
    from email_queue_private.our_relations() as c
    union all
    -- Not whether a constraint is there for not null: PostgreSQL 18 has those as constraints.
    select 'constraint ' || k.conname, pg_catalog.pg_get_constraintdef(k.oid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_constraint as k on k.conrelid = c.oid where k.contype <> 'n'
    union all
    select 'index ' || i.indexrelid::regclass, pg_catalog.pg_get_indexdef(i.indexrelid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_index as i on i.indrelid = c.oid
    union all
    -- Not whether it is enabled: that is a setting.
    select 'trigger ' || t.tgname, pg_catalog.pg_get_triggerdef(t.oid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_trigger as t on t.tgrelid = c.oid where not t.tgisinternal
  ) as o(name, definition)
$$;
comment on function email_queue_private.schema_objects() is 'What is there now, as schema_object has what should be.';

create procedure email_queue_private.record_schema()
language plpgsql set search_path = ''
as $$
begin
  delete from email_queue_private.schema_object;
  insert into email_queue_private.schema_object (name, digest) select o.name, o.digest from email_queue_private.schema_objects() as o;
end
$$;
comment on procedure email_queue_private.record_schema() is 'Takes what is there now as what should be. Ends each migration, after apply_grants.';

-- null where all is as apply_grants leaves it; else what is not.
create function email_queue_private.wrong_grants() returns text
language sql stable set search_path = ''
as $$
  select string_agg(w.what, ', ' order by w.what) from (
    select format('%s may execute %s', coalesce(r.rolname, 'PUBLIC'), p.oid::regprocedure)
    from email_queue_private.our_functions() as p
    cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
    left join pg_catalog.pg_roles as r on r.oid = a.grantee
    where a.grantee = 0 or r.rolname in ('anon', 'authenticated')
    union all
    select format('%s may %s %s', coalesce(r.rolname, 'PUBLIC'), lower(a.privilege_type), c.oid::regclass)
    from email_queue_private.our_relations() as c
    cross join lateral pg_catalog.aclexplode(c.relacl) as a
    left join pg_catalog.pg_roles as r on r.oid = a.grantee
    where (a.grantee = 0 or r.rolname in ('anon', 'authenticated') or r.rolname = 'service_role' and a.privilege_type <> 'SELECT')
    union all
    select format('%s may use the schema email_queue_private', coalesce(r.rolname, 'PUBLIC'))
    from pg_catalog.pg_namespace as n cross join lateral pg_catalog.aclexplode(n.nspacl) as a
    left join pg_catalog.pg_roles as r on r.oid = a.grantee
    where n.nspname = 'email_queue_private' and (a.grantee = 0 or r.rolname in ('anon', 'authenticated'))
    union all
    select format('service_role may not execute %s', p.oid::regprocedure)
    from email_queue_private.our_functions() as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    join pg_catalog.pg_roles as r on r.rolname = 'service_role'
    where n.nspname = 'public' and not pg_catalog.has_function_privilege(r.oid, p.oid, 'execute')
    union all
    select format('row security is off for %s', c.oid::regclass)
    from email_queue_private.our_relations() as c where c.relkind = 'r' and not c.relrowsecurity
  ) as w(what)
$$;
comment on function email_queue_private.wrong_grants() is 'What is open that should be closed, and the other way round; null where nothing is.';

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
