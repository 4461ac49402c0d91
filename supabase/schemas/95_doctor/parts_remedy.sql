-- The remedy for a part that is missing to call the function; null if none is missing.
create function email_queue_private.parts_remedy() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
begin
  foreach v_name in array array['supabase_vault', 'pg_net'] loop
    if not email_queue_private.has_extension(v_name) then
      return email_queue_private.extension_remedy(v_name);
    end if;
  end loop;
  foreach v_name in array array['email_queue_url', 'email_queue_secret'] loop
    if coalesce((email_queue_private.read_secret(v_name)).secret, '') = '' then
      return 'email-queue deploy';
    end if;
  end loop;
  return null;
end
$$;
comment on function email_queue_private.parts_remedy() is 'The remedy for the first part that is missing to call the function; null if none is.';
