set standard_conforming_strings = on;

-- What the migrations made, so that the doctor finds what was changed by hand. A digest of each object, of what reads the
-- same in PostgreSQL 15 and 17. From here on each migration ends with a call of record_schema after apply_grants.

-- A literal of a function, not rows: a dump of the schema alone carries it, and a dump of the data does not.
create function email_queue_private.recorded_objects() returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select '{}'::jsonb
$$;
comment on function email_queue_private.recorded_objects() is 'What the last migration left: {kind and name: digest of the definition}. record_schema writes it anew.';

-- The styles are pinned because definitions are written out in those of the session.
create function email_queue_private.schema_objects() returns table (name text, digest text)
language sql stable set search_path = pg_catalog, pg_temp set intervalstyle = postgres set datestyle = 'ISO, YMD' set quote_all_identifiers = off
as $$
  select o.name, md5(o.definition) from (
    select 'function ' || p.oid::regprocedure, concat_ws('|', p.prosrc, p.prosecdef, p.provolatile, p.proconfig::text,
      pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))
    from email_queue_private.our_functions() as p where p.proname <> 'recorded_objects'
    union all
    select 'relation ' || c.oid::regclass, concat_ws('|', c.relkind, c.relrowsecurity, (
      select string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull), ',' order by a.attnum)
      from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))
    from email_queue_private.our_relations() as c
    union all
    -- Not whether a constraint is there for not null: PostgreSQL 18 has those as constraints.
    select 'constraint ' || k.conname, pg_get_constraintdef(k.oid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_constraint as k on k.conrelid = c.oid where k.contype not in ('n', 't')
    union all
    select 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_index as i on i.indrelid = c.oid
    union all
    -- Not whether it is enabled: that is a setting.
    select 'trigger ' || t.tgname, pg_get_triggerdef(t.oid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_trigger as t on t.tgrelid = c.oid where not t.tgisinternal
  ) as o(name, definition)
$$;
comment on function email_queue_private.schema_objects() is 'What is there now, as recorded_objects() has what should be.';

create procedure email_queue_private.record_schema()
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create or replace function email_queue_private.recorded_objects() returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp as $f$ select %L::jsonb $f$',
    (select jsonb_object_agg(o.name, o.digest) from email_queue_private.schema_objects() as o));
end
$$;
comment on procedure email_queue_private.record_schema() is 'Takes what is there now as what should be. Ends each migration, after apply_grants.';

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

-- What a dump restored without its grants left open, or somebody's "grant all on all functions", is closed again. Answers
-- what was wrong; null where nothing was.
create function email_queue_private.mend_grants() returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text := email_queue_private.wrong_grants();
begin
  if v_wrong is not null then
    call email_queue_private.apply_grants();
    raise warning 'email_queue: grants were wrong and have been put right: %', left(v_wrong, 1000);
  end if;
  return v_wrong;
end
$$;
comment on function email_queue_private.mend_grants() is 'Puts the grants right where they are not, and says so.';

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
