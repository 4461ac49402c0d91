-- What a Supabase project has in a database, in template1 for each that is made later. Run as supabase_admin;
-- project.grants is `old` or `new`: whether what is new in public is open to the API's roles, unless it is closed.
do $$
begin
  if current_database() <> 'template1' then execute format('alter database %I owner to postgres', current_database()); end if;
end
$$;
create schema extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create extension pgcrypto schema extensions;
create extension pg_stat_statements schema extensions;
create schema auth authorization supabase_auth_admin;
create table auth.users (id uuid primary key default gen_random_uuid(), email text);
alter table auth.users owner to supabase_auth_admin;
grant usage on schema auth to postgres, anon, authenticated, service_role;
grant all on auth.users to postgres;
-- Not so on Supabase: Supabase Lite, which stands in for PostgREST, looks up the user of a token.
grant usage on schema auth to authenticator;
grant select on auth.users to authenticator;
grant all on schema public to postgres;
grant usage on schema public to anon, authenticated, service_role;

alter default privileges for role postgres in schema public grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to postgres, anon, authenticated, service_role;
do $$
begin
  if current_setting('project.grants') = 'new' then
    -- As "Default privileges for new entities: off" leaves it: references, trigger, truncate and PUBLIC's execute stay.
    alter default privileges for role postgres in schema public
      revoke select, insert, update, delete on tables from anon, authenticated, service_role;
    alter default privileges for role postgres in schema public revoke usage, select on sequences from anon, authenticated, service_role;
    alter default privileges for role postgres in schema public revoke execute on functions from anon, authenticated, service_role;
  end if;
end
$$;

create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
begin
  if exists (
    select from pg_event_trigger_ddl_commands() as c
    where c.schema_name is distinct from 'pg_temp' and c.command_tag ~ '^(CREATE|ALTER|COMMENT)' and c.command_tag !~ 'INDEX|SEQUENCE|ROLE'
  ) then
    notify pgrst, 'reload schema';
  end if;
end
$$;
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();

create function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as $$
begin
  if exists (
    select from pg_event_trigger_dropped_objects() as o
    where not o.is_temporary and o.object_type in ('schema', 'table', 'view', 'function', 'type', 'trigger')
  ) then
    notify pgrst, 'reload schema';
  end if;
end
$$;
create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch();

create function extensions.grant_pg_cron_access() returns event_trigger language plpgsql as $$
begin
  if exists (select from pg_event_trigger_ddl_commands() as c where c.object_type = 'extension' and c.object_identity = 'pg_cron') then
    grant usage on schema cron to postgres with grant option;
    grant execute on all functions in schema cron to postgres with grant option;
    grant all on all tables in schema cron to postgres with grant option;
    revoke all on cron.job from postgres;
    grant select on cron.job to postgres with grant option;
    revoke trigger on cron.job_run_details from postgres;
  end if;
end
$$;
create event trigger issue_pg_cron_access on ddl_command_end when tag in ('CREATE EXTENSION')
  execute function extensions.grant_pg_cron_access();

create function extensions.grant_pg_net_access() returns event_trigger language plpgsql as $$
begin
  if exists (select from pg_event_trigger_ddl_commands() as c where c.object_type = 'extension' and c.object_identity = 'pg_net') then
    grant usage on schema net to postgres, anon, authenticated, service_role;
    grant execute on all functions in schema net to postgres, anon, authenticated, service_role;
  end if;
end
$$;
create event trigger issue_pg_net_access on ddl_command_end when tag in ('CREATE EXTENSION')
  execute function extensions.grant_pg_net_access();
