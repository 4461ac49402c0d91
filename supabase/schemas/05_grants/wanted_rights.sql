-- The rights that service_role needs. No other role has any.
create function email_queue_private.wanted_rights() returns table (object text, privilege text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'schema email_queue_private', 'USAGE'
  union all
  select 'routine ' || p.oid::regprocedure, 'EXECUTE' from email_queue_private.our_functions() as p where p.prokind = 'f'
  union all
  select 'table ' || c.oid::regclass, upper(btrim(p) collate "C")
  from email_queue_private.rights() as r join pg_catalog.pg_class as c on c.oid = to_regclass(r.relation)
  cross join lateral regexp_split_to_table(r.rights, ',') as p
$$;
comment on function email_queue_private.wanted_rights() is 'The rights of service_role.';
