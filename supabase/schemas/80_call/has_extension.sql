-- Looks for the objects that are used, not in pg_extension, so that a stand-in is as good.
create function email_queue_private.has_extension(p_name text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case p_name
    when 'pg_cron' then to_regclass('cron.job') is not null
    when 'pg_net' then exists (select 1 from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'net' and p.proname = 'http_post')
    when 'supabase_vault' then to_regclass('vault.decrypted_secrets') is not null
    else false end
$$;
comment on function email_queue_private.has_extension(text) is 'Whether pg_cron, pg_net or supabase_vault can be used.';
