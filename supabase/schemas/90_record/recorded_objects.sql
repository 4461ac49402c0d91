-- A literal of a function, not rows: a dump of the schema alone carries it, and a dump of the data does not.
create function email_queue_private.recorded_objects() returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select '{}'::jsonb
$$;
comment on function email_queue_private.recorded_objects() is 'What the last migration left: {kind and name: digest of the definition}. record_schema writes it anew.';
