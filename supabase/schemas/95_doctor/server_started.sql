-- The time of the last start or crash. After a crash the postmaster's own start is older, because it survives.
create function email_queue_private.server_started() returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select greatest(pg_postmaster_start_time(), (select max(a.backend_start) from pg_catalog.pg_stat_activity as a where a.backend_type = 'checkpointer'))
$$;
comment on function email_queue_private.server_started() is 'When the database was started, or recovered from a crash, last.';
