create function email_queue_private.store_secret(p_name text, p_secret text, p_description text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
  v_old text;
  v_problem text;
begin
  select * into v_id, v_old, v_problem from email_queue_private.read_secret(p_name);
  if v_problem is not null then
    -- update_secret decrypts it first, so it could not replace it.
    execute email_queue_private.external('delete from vault.secrets as s where s.id = $1') using v_id;
    raise warning 'email_queue: the Vault secret % could not be decrypted (%) and was replaced', p_name, v_problem;
  end if;
  if v_id is null or v_problem is not null then
    execute email_queue_private.external('select vault.create_secret($1, $2, $3)') using p_secret, p_name, p_description;
  elsif v_old is distinct from p_secret then
    execute email_queue_private.external('select vault.update_secret($1, $2)') using v_id, p_secret;
  else
    return 'kept';
  end if;
  return case when v_problem is null then 'stored' else 'unreadable' end;
end
$$;
comment on function email_queue_private.store_secret(text, text, text) is
  'Stores a secret in Vault: kept (it was there already), stored, or unreadable (what was there could not be decrypted, and was replaced).';
