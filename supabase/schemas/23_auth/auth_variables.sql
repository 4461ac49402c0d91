-- By the names that Supabase's own templates have, and some more. p_event is not trusted: strings are cut, and of large user_metadata
-- nothing is taken.
create function email_queue_private.auth_variables(
  p_event jsonb, p_type text, p_address text, p_token text, p_token_hash text, p_setting email_queue_private.setting
) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_user jsonb := p_event -> 'user';
  v_data jsonb := p_event -> 'email_data';
  v_redirect text := case when char_length(v_data ->> 'redirect_to') <= {{MAX_URL_VALUE}} then v_data ->> 'redirect_to' else '' end;
  v_metadata jsonb := v_user -> 'user_metadata';
  v_site text := coalesce(p_setting.auth_site_url, substring(v_redirect from '^https?://[^/?#]+'), substring(v_data ->> 'site_url' from '^https?://[^/?#]+'), '');
  v_from text := btrim(coalesce(p_setting.auth_sender, p_setting.default_sender));
  v_name text := nullif(regexp_replace(v_from, E'\\s*<[^<>]*>$', ''), v_from);
  v_minutes bigint := greatest(1, round(extract(epoch from p_setting.auth_link_lifetime) / 60));
  v_product text := coalesce(p_setting.auth_product, nullif(case when v_name like '"%"' then regexp_replace(substr(v_name, 2, char_length(v_name) - 2), E'\\\\(.)', E'\\1', 'g') else v_name end, ''), nullif(regexp_replace(v_site, '^https?://', ''), ''), '');
begin
  return jsonb_build_object(
    'ConfirmationURL', coalesce(email_queue_private.auth_link(p_setting.auth_url, v_data ->> 'site_url', p_token_hash, p_type, coalesce(v_redirect, '')), ''),
    'Token', p_token, 'TokenHash', p_token_hash, 'SiteURL', v_site, 'RedirectTo', coalesce(v_redirect, ''),
    'SendingTo', p_address, 'Email', left(coalesce(v_user ->> 'email', ''), {{MAX_ADDRESS}}),
    'NewEmail', left(coalesce(v_user ->> 'new_email', ''), {{MAX_ADDRESS}}), 'OldEmail', left(coalesce(v_data ->> 'old_email', ''), {{MAX_ADDRESS}}),
    'Phone', left(coalesce(v_user ->> 'phone', ''), 50), 'OldPhone', left(coalesce(v_data ->> 'old_phone', ''), 50),
    'Provider', left(coalesce(v_data ->> 'provider', ''), 50), 'FactorType', left(coalesce(v_data ->> 'factor_type', ''), 50),
    'Product', v_product, 'Minutes', v_minutes,
    'Validity', case when v_minutes >= 2880 then v_minutes / 1440 || ' days' when v_minutes >= 120 then v_minutes / 60 || ' hours' when v_minutes = 60 then '1 hour'
      when v_minutes = 1 then '1 minute' else v_minutes || ' minutes' end,
    'Data', case when jsonb_typeof(v_metadata) = 'object' and pg_column_size(v_metadata) <= {{MAX_METADATA}} then v_metadata else '{}' end);
end
$$;
comment on function email_queue_private.auth_variables(jsonb, text, text, text, text, email_queue_private.setting) is 'The variables of a mail of Supabase Auth.';
