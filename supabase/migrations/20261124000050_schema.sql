-- The private schema, and who may use what: closed by default.

create schema email_queue_private;
comment on schema email_queue_private is 'Tables and inner functions of email-queue. Nothing here is an API.';

-- Supabase has these roles. Supabase Lite makes them only after the migrations, too late for the grants below, and a
-- stock PostgreSQL has none. Where they cannot be created, the grants pass them over.
do $$
declare
  v_role text;
begin
  foreach v_role in array array['anon', 'authenticated', 'service_role'] loop
    continue when exists (select 1 from pg_catalog.pg_roles where rolname = v_role);
    begin
      execute format('create role %I nologin noinherit%s', v_role, case when v_role = 'service_role' then ' bypassrls' end);
    exception when insufficient_privilege or duplicate_object or unique_violation then
      raise notice 'email_queue: role % was not created: %', v_role, sqlerrm;
    end;
  end loop;
end
$$;

-- Everything is taken from everybody, then service_role is given what it needs. Each migration that creates something
-- ends with a call of this, so that nothing is open between two migrations: PostgreSQL gives new functions to PUBLIC, and
-- Supabase's default privileges give what is new in public to anon.
create procedure email_queue_private.apply_grants()
language plpgsql set search_path = ''
as $$
declare
  v_role text;
  v_function regprocedure;
  v_relation regclass;
begin
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and not exists (select 1 from pg_catalog.pg_roles where rolname = v_role);
    for v_function in
      select p.oid from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'email_queue_private' or n.nspname = 'public' and p.proname like 'email\_queue\_%'
    loop
      execute format('revoke all on routine %s from %s', v_function, v_role);
    end loop;
    for v_relation in
      select c.oid from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.relkind in ('r', 'v', 'S') and (n.nspname = 'email_queue_private' or n.nspname = 'public' and c.relname = 'email_queue')
    loop
      execute format('revoke all on table %s from %s', v_relation, v_role);
    end loop;
    execute format('revoke all on schema email_queue_private from %s', v_role);
  end loop;

  if exists (select 1 from pg_catalog.pg_roles where rolname = 'service_role') then
    for v_function in
      select p.oid from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'public' and p.proname like 'email\_queue\_%'
    loop
      execute format('grant execute on function %s to service_role', v_function);
    end loop;
    if to_regclass('public.email_queue') is not null then
      -- Reading public.email_queue needs these: it is a security_invoker view.
      grant usage on schema email_queue_private to service_role;
      grant select on public.email_queue to service_role;
      grant select on email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch to service_role;
      grant execute on function email_queue_private.append_errors(jsonb, jsonb) to service_role;
    end if;
  end if;
end
$$;
comment on procedure email_queue_private.apply_grants() is 'Takes all of email-queue from everybody and gives service_role what it needs. Ends each migration.';
