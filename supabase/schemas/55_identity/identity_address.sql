-- A host, and its port if that is not the scheme's default. All local names count as one, because a function that is run by hand and
-- one in a container of the local stack know this machine by different names.
create function email_queue_private.identity_address(p_url text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when a.address ~ '^([a-z0-9_-]+|(.*[.])?localhost|127[.][0-9.]+|0[.]0[.]0[.]0|[[]::1?[]]|.*[.]docker[.]internal|.*[.]supabase[.]internal)(:[0-9]+)?$' then 'localhost'
    else a.address end
  from (
    select regexp_replace(regexp_replace(split_part(split_part(split_part(regexp_replace(u.url, '^https?://', ''), '/', 1), '?', 1), '#', 1), '^.*@', ''),
      case when u.url like 'https:%' then ':443$' else ':80$' end, '') as address
    from (select left(lower(btrim(p_url) collate "C"), 300) as url) as u
  ) as a
$$;
comment on function email_queue_private.identity_address(text) is 'The host of an address, for comparisons; localhost for all names of this machine.';
