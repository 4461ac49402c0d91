-- What a setting may be, in words; the constraints of the table say it in SQL.
create function email_queue_private.setting_rule(p_name text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_name in ('default_sender', 'auth_sender') then 'must be an e-mail address, or Name <address>'
    when p_name = 'rate_limit' then 'must be a number of requests a second, above 0 and at most {{MAX_RATE}}'
    when p_name = 'default_max_attempts' then 'must be a whole number from 1 to {{MAX_ATTEMPTS}}'
    when p_name = 'max_payload_bytes' then 'must be a whole number from {{MIN_PAYLOAD_BYTES}} to {{MAX_PAYLOAD_BYTES}}'
    when p_name = 'retry_base_ms' then 'must be a whole number of milliseconds from 1 to {{MAX_RETRY_MS}}'
    when p_name = 'retry_cap_ms' then 'must be a whole number of milliseconds from retry_base_ms to {{MAX_RETRY_MS}}'
    when p_name = 'record_clients' then 'must be true or false'
    when p_name = 'soft_bounces' then 'must be a whole number from 0 (never) to {{MAX_SOFT_BOUNCES}}'
    when p_name in ('auth_url', 'auth_site_url') then 'must be an address with http or https, without #'
    when p_name = 'auth_product' then 'must be a text of 1 to 100 characters'
    when p_name = 'auth_language' then 'must be like de or de-AT'
    when p_name in ('horizon', 'auth_link_lifetime') or right(p_name, 10) = '_retention' then 'must be an interval above zero'
  end
$$;
comment on function email_queue_private.setting_rule(text) is 'What a setting may be, for an error.';
