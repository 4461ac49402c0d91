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
