-- A host, and its port if that is not the scheme's default. All local names count as one, because a function that is run by hand and
-- one in a container of the local stack know this machine by different names.
create function email_queue_private.identity_address(p_url text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_url text := left(lower(btrim(p_url) collate "C"), 300);
  v_address text := regexp_replace(
    regexp_replace(split_part(split_part(split_part(regexp_replace(v_url, '^https?://', ''), '/', 1), '?', 1), '#', 1), '^.*@', ''),
    case when v_url like 'https:%' then ':443$' else ':80$' end, '');
begin
  if v_address ~ '^([a-z0-9_-]+|(.*[.])?localhost|127[.][0-9.]+|0[.]0[.]0[.]0|[[]::1?[]]|.*[.]docker[.]internal|.*[.]supabase[.]internal)(:[0-9]+)?$' then
    return 'localhost';
  end if;
  return v_address;
end
$$;
comment on function email_queue_private.identity_address(text) is 'The host of an address, for comparisons; localhost for all names of this machine.';
