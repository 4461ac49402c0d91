-- As Auth builds it, or to a page of the application that calls verifyOtp. Null without a token or an address to begin with. Where the
-- link would be too long for a mail the redirect is left out: Auth goes to the Site URL then.
create function email_queue_private.auth_link(p_page text, p_auth_url text, p_token_hash text, p_type text, p_redirect_to text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_link text := case
    when p_token_hash = '' or p_type = 'reauthentication' then null
    when p_page is not null then p_page || case when strpos(p_page, '?') > 0 then '&' else '?' end || 'token_hash='
    when p_auth_url ~* '^https?://' then rtrim(p_auth_url, '/') || '/verify?token='
  end || email_queue_private.encode_url(p_token_hash, '') || '&type=' || email_queue_private.encode_url(p_type, '');
  v_redirect text := case when p_redirect_to <> '' then '&redirect_to=' || email_queue_private.encode_url(p_redirect_to, '') else '' end;
begin
  return case
    when char_length(v_link) + char_length(v_redirect) <= {{MAX_URL_VALUE}} then v_link || v_redirect
    when char_length(v_link) <= {{MAX_URL_VALUE}} then v_link
  end;
end
$$;
comment on function email_queue_private.auth_link(text, text, text, text, text) is 'The link of a mail of Supabase Auth; null without a token.';
