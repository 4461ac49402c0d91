create function email_queue_private.open_dispatch(p_id uuid) returns email_queue_private.dispatch
language sql stable set search_path = pg_catalog, pg_temp
as $$
  -- One index each: a day of settled dispatches is not read.
  select o.* from (
    select * from email_queue_private.dispatch where token is not null
    union all
    select * from email_queue_private.dispatch where token is null and settled_at is null
  ) as o where p_id = any (o.message_ids)
$$;
comment on function email_queue_private.open_dispatch(uuid) is 'The open dispatch that a message is in; null if it is in none.';
