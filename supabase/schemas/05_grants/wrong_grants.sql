-- What differs from the rights that apply_grants gives, or null. jit is off: compiling this query took 1.6 s, running it 30 ms.
create function email_queue_private.wrong_grants() returns text
language sql stable set search_path = pg_catalog, pg_temp set jit = off
as $$
  with held as materialized (select * from email_queue_private.held_rights()),
  wanted as materialized (select * from email_queue_private.wanted_rights() )
  select string_agg(w.what, ', ' order by w.what) from (
    select concat_ws(' ', coalesce(o.role, 'PUBLIC'), o.may, case o.privilege when 'USAGE' then 'use' else lower(o.privilege collate "C") end,
      regexp_replace(o.object, '^(routine|table) ', ''))
    from (
      select h.role, 'may' as may, h.privilege, h.object from held as h
      where h.role is null or (h.object, h.role, h.privilege) not in (select w.object, w.role, w.privilege from wanted as w)
      union all
      select w.role, 'may not', w.privilege, w.object from wanted as w
      where (w.object, w.role, w.privilege) not in (select h.object, h.role, h.privilege from held as h where h.role is not null)
    ) as o
    union all
    select format('row security is off for %s', c.oid::regclass) from email_queue_private.our_relations() as c where c.relkind = 'r' and not c.relrowsecurity
  ) as w(what)
$$;
comment on function email_queue_private.wrong_grants() is 'Rights that a role has and should not have, or lacks; null if there are none.';
