-- The rights that other roles than the owner have on the queue's objects. A null role is PUBLIC. An object is written as GRANT takes it.
create function email_queue_private.held_rights() returns table (object text, role name, privilege text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select o.object, r.rolname, a.privilege_type
  from (
    select 'routine ' || p.oid::regprocedure, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) from email_queue_private.our_functions() as p
    union all
    select 'table ' || c.oid::regclass, c.relowner, c.relacl from email_queue_private.our_relations() as c
    union all
    select 'schema ' || n.oid::regnamespace, n.nspowner, n.nspacl from pg_catalog.pg_namespace as n where n.nspname = 'email_queue_private'
  ) as o(object, owner, acl)
  cross join lateral aclexplode(o.acl) as a
  left join pg_catalog.pg_roles as r on r.oid = a.grantee
  where a.grantee <> o.owner
$$;
comment on function email_queue_private.held_rights() is 'Who but the owner may do what with the objects of email-queue.';
