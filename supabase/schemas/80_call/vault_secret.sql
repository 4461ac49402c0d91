create function email_queue_private.vault_secret(p_name text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_secret text;
  v_problem text;
  -- No statement with the secret in it: PostgreSQL's log, and the SQL editor, keep those.
  v_remedy text := 'email-queue deploy stores it. Otherwise call email_queue_connect with the address and the secret as parameters.';
begin
  perform email_queue_private.need_extension('supabase_vault');
  select s.secret, s.problem into v_secret, v_problem from email_queue_private.read_secret(p_name) as s;
  if v_problem is not null then
    raise exception using errcode = '55000', message = format('email_queue: the Vault secret %s cannot be decrypted (%s)', p_name, v_problem), hint = v_remedy;
  elsif coalesce(v_secret, '') = '' then
    perform email_queue_private.missing('the Vault secret ' || p_name, v_remedy);
  end if;
  return v_secret;
end
$$;
comment on function email_queue_private.vault_secret(text) is 'A secret of the queue from Vault; raises 55000 with its name if it is missing or cannot be decrypted.';
