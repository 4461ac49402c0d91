-- Links, codes, and tokens: these are long and have digits, as names of errors (monthly_quota_exceeded) have not.
create function email_queue_private.hide_credentials(p_text text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select regexp_replace(p_text collate "C", '[Hh][Tt][Tt][Pp][Ss]?://[!-~]+|[0-9]{6,}|(?=[A-Za-z_]*[0-9])[A-Za-z0-9_]{20,}', '…', 'g')
$$;
comment on function email_queue_private.hide_credentials(text) is 'A provider''s text without what could be a link, a code or a token.';
