-- What an open dispatch names is needed for its replay, whatever its own row says.
create function email_queue_private.open_members(p_ids uuid[]) returns uuid[]
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(u.id), '{}') from (
    -- One index each: a day of settled dispatches is not read.
    select d.message_ids from email_queue_private.dispatch as d where d.token is not null
    union all
    select d.message_ids from email_queue_private.dispatch as d where d.token is null and d.settled_at is null
  ) as o cross join lateral unnest(o.message_ids) as u(id)
  where u.id = any (p_ids)
$$;
comment on function email_queue_private.open_members(uuid[]) is 'Those of some messages that an open dispatch names.';
