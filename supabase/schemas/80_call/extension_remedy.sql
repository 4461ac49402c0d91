-- pg_net is registered in extensions, not in public, which the API exposes. Its functions are in the schema net in any case.
create function email_queue_private.extension_remedy(p_name text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when not exists (select from pg_available_extensions as e where e.name = p_name)
      then format('This server does not offer %s. Supabase does; on a server of your own install its package', p_name)
        || case when p_name <> 'supabase_vault' then ' and add it to shared_preload_libraries' else '' end
    when p_name = 'pg_cron' then 'In the dashboard: Integrations, Cron; or in its SQL editor: create extension pg_cron with schema pg_catalog;'
    when p_name = 'pg_net' then 'In the dashboard: Database, Extensions, pg_net; or in its SQL editor: '
      || case when to_regnamespace('extensions') is null then 'create schema extensions; ' else '' end || 'create extension pg_net with schema extensions;'
    else 'In the dashboard: Integrations, Vault; or in its SQL editor: create extension supabase_vault cascade;' end
$$;
comment on function email_queue_private.extension_remedy(text) is 'How an extension is created: never through the API, whose sessions may not.';
