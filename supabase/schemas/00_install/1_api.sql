-- The list of the functions is made of their comments' signatures: email_queue_private.api() answers it, and grants are given and
-- taken by it, never by a pattern of names.
create or replace function pg_temp.email_queue_api() returns text[]
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select array[
    {{api}}
  ]
$$;
