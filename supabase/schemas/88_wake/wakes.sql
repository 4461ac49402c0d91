create function email_queue_private.wakes() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select (email_queue_private.wiring_now()).wake_every_ms is not null
$$;
comment on function email_queue_private.wakes() is 'Whether an enqueue wakes the function.';
