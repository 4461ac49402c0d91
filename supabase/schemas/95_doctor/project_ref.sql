-- The project of a hosted address; null for a custom domain, which may be any project's.
create function email_queue_private.project_ref(p_address text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select substring(p_address from '^([a-z0-9]{20})[.](?:functions[.])?supabase[.](?:co|in)$')
$$;
comment on function email_queue_private.project_ref(text) is 'The reference in the address of a hosted project; null in others.';
