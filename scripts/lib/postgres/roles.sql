-- The roles of a Supabase project and their settings, once a server. Run as supabase_admin, who made the cluster;
-- project.preload is what authenticator loads: `safeupdate`, or `supautils, safeupdate`.
create role postgres login createdb createrole replication bypassrls;
create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role supabase_read_only_user login bypassrls;
-- As the CLI logs in with an access token: then it does SET ROLE postgres.
create role cli_login_postgres login noinherit;
grant anon, authenticated, service_role to authenticator;
grant pg_read_all_data to supabase_read_only_user;
grant postgres to cli_login_postgres;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;

alter role supabase_admin set search_path = "$user", public, auth, extensions;
alter role postgres set search_path = "$user", public, extensions;
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';

do $$
begin
  -- A list of names: one literal would be one file's name.
  execute 'alter role authenticator set session_preload_libraries = ' || current_setting('project.preload');
  if current_setting('server_version_num')::integer >= 160000 then
    grant anon, authenticated, service_role, authenticator to postgres with admin option;
    grant pg_create_subscription to postgres;
  else
    grant anon, authenticated, service_role to postgres;
  end if;
end
$$;
