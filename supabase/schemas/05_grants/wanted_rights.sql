-- The rights that service_role needs, and Supabase Auth's one: its hook is for nobody else. No other role has any.
create function email_queue_private.wanted_rights() returns table (object text, role name, privilege text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select w.object, w.role, w.privilege from (
    select 'schema email_queue_private', 'service_role', 'USAGE'
    union all
    select 'routine ' || p.oid::regprocedure, case when p.pronamespace = 'public'::regnamespace and p.proname = 'email_queue_auth_hook' then 'supabase_auth_admin' else 'service_role' end, 'EXECUTE'
    from email_queue_private.our_functions() as p where p.prokind = 'f'
    union all
    select 'table ' || c.oid::regclass, 'service_role', upper(btrim(p) collate "C")
    from email_queue_private.rights() as r join pg_catalog.pg_class as c on c.oid = to_regclass(r.relation)
    cross join lateral regexp_split_to_table(r.rights, ',') as p
  ) as w(object, role, privilege) where to_regrole(w.role) is not null
$$;
comment on function email_queue_private.wanted_rights() is 'The rights of service_role and supabase_auth_admin.';
