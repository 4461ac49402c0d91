-- Who gets a mail of an event, and with which token: one row a mail. When an address changes, and both addresses have to agree, the tokens are
-- crossed, for reasons of Auth's history: the present address gets token with token_hash_new, the new one token_new with token_hash.
create function email_queue_private.auth_recipients(p_type text, p_user jsonb, p_data jsonb)
returns table (address text, token text, token_hash text)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_address text := coalesce(p_user ->> 'email', '');
  v_token text := coalesce(p_data ->> 'token', '');
  v_token_new text := coalesce(p_data ->> 'token_new', '');
  v_hash text := coalesce(p_data ->> 'token_hash', '');
  v_hash_new text := coalesce(p_data ->> 'token_hash_new', '');
  v_both boolean := v_hash_new <> '' and v_address <> '';
begin
  if p_type = 'email_change' then
    if v_both then
      return query select v_address, v_token, v_hash_new;
    end if;
    return query select coalesce(p_user ->> 'new_email', ''),
      case when v_both then coalesce(nullif(v_token_new, ''), v_token) else coalesce(nullif(v_token, ''), v_token_new) end, v_hash;
  elsif p_type = 'email_changed_notification' then
    return query select coalesce(p_data ->> 'old_email', ''), '', '';
  else
    return query select v_address, v_token, v_hash;
  end if;
end
$$;
comment on function email_queue_private.auth_recipients(text, jsonb, jsonb) is 'The mails of an event of Supabase Auth: address, token, token_hash.';
