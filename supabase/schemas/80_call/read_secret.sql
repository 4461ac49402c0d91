-- email_queue_url or email_queue_secret. In a database that was restored elsewhere, Vault lacks the key that the secret was
-- stored with. Then it raises an error, or gives null.
create function email_queue_private.read_secret(p_name text, out id uuid, out secret text, out problem text)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  execute email_queue_private.external('select s.id from vault.secrets as s where s.name = $1') into id using p_name;
  if id is null then
    return;
  end if;
  begin
    execute email_queue_private.external('select s.decrypted_secret from vault.decrypted_secrets as s where s.id = $1') into secret using id;
    if secret is null then
      problem := 'its key is not there';
    end if;
  exception when insufficient_privilege then
    raise;
  when others then
    problem := sqlerrm;
  end;
end
$$;
comment on function email_queue_private.read_secret(text) is 'A secret of ours in Vault. id: it is there. problem: why it cannot be decrypted.';
