-- What of others would break or go with an uninstall: what the catalogues know, what only the text of a function or a job says, and
-- what somebody has put on our tables. A function may name us in a comment only: better once too often than not at all.
create function email_queue_private.dependants() returns setof text
language plpgsql stable set search_path = pg_catalog, pg_temp set quote_all_identifiers = off
as $$
declare
  v_names text := '(^|[^a-z0-9_])(email_queue|email_queue_private'
    || (select string_agg('|' || split_part(f, '(', 1), '') from unnest(email_queue_private.api()) as f) || ')([^a-z0-9_]|$)';
begin
  return query
  with relation as (
    select c.oid, c.reltype from email_queue_private.our_relations() as c
  ), ours as (
    select 'pg_class'::regclass as class, r.oid from relation as r
    union all select 'pg_type'::regclass, t.oid from relation as r join pg_type as t on t.oid = r.reltype or t.typelem = r.reltype where r.reltype <> 0
    union all select 'pg_type'::regclass, t.oid from pg_type as t where t.typnamespace = 'email_queue_private'::regnamespace
    union all select 'pg_class'::regclass, c.oid from pg_class as c where c.relnamespace = 'email_queue_private'::regnamespace
    union all select 'pg_proc'::regclass, p.oid from email_queue_private.our_functions() as p
    union all select 'pg_namespace'::regclass, 'email_queue_private'::regnamespace
  ), used as (
    select d.classid, d.objid, d.objsubid, coalesce(w.ev_class, g.tgrelid, nullif(k.conrelid, 0), l.polrelid, a.adrelid) as on_relation
    from pg_depend as d join ours as o on d.refclassid = o.class and d.refobjid = o.oid
    left join pg_rewrite as w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
    left join pg_trigger as g on d.classid = 'pg_trigger'::regclass and g.oid = d.objid
    left join pg_constraint as k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
    left join pg_policy as l on d.classid = 'pg_policy'::regclass and l.oid = d.objid
    left join pg_attrdef as a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
    where d.deptype in ('n', 'a')
  )
  select distinct case when u.classid = 'pg_rewrite'::regclass then pg_describe_object('pg_class'::regclass, u.on_relation, 0)
    else pg_describe_object(u.classid, u.objid, u.objsubid) end
  from used as u
  where not exists (select from ours as o where o.class = u.classid and o.oid = u.objid)
    and not exists (select from relation as r where r.oid = u.on_relation)
  union
  select pg_describe_object('pg_trigger'::regclass, t.oid, 0) from relation as r join pg_trigger as t on t.tgrelid = r.oid
  where not t.tgisinternal and not email_queue_private.recorded_objects() ? ('trigger ' || t.tgname)
  union
  select pg_describe_object('pg_policy'::regclass, l.oid, 0) from relation as r join pg_policy as l on l.polrelid = r.oid
  where l.polname <> 'service_role'
  union
  -- What somebody has put into our schema.
  select pg_describe_object('pg_class'::regclass, c.oid, 0) from pg_class as c
  where c.relnamespace = 'email_queue_private'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and not email_queue_private.recorded_objects() ? ('relation ' || c.oid::regclass)
  union
  select pg_describe_object('pg_proc'::regclass, p.oid, 0) from pg_proc as p
  where p.pronamespace = 'email_queue_private'::regnamespace and p.proname not in ('recorded_objects', 'made_extensions')
    and not email_queue_private.recorded_objects() ? ('function ' || p.oid::regprocedure)
  union
  select pg_describe_object('pg_proc'::regclass, p.oid, 0) from pg_proc as p
  where p.prosrc ~* v_names and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    and not exists (select from ours as o where o.oid = p.oid)
    and not exists (select from pg_namespace as n where n.oid = p.pronamespace and n.nspname ~ '^pg_temp_');
  if to_regclass('cron.job') is not null then
    return query execute email_queue_private.external('select ''cron job '' || coalesce(j.jobname::text, j.jobid::text) from cron.job as j
      where j.command ~* $1 and not exists (select from email_queue_private.jobs() as o where o.name = j.jobname and j.username = current_user)') using v_names;
  end if;
end
$$;
comment on function email_queue_private.dependants() is 'What of others uses the queue, and would break or go with it.';
