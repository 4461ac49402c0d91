-- The list of public functions is made of the signatures in their comments. email_queue_private.api() answers it. Grants are given and
-- taken by this list, never by a pattern of names.
create or replace function pg_temp.email_queue_api() returns text[]
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select array[
    {{api}}
  ]
$$;
