-- Supabase has these roles. Supabase Lite makes them only after the migrations, too late for the grants below, and a
-- stock PostgreSQL has none of them. If they cannot be created, the grants leave them out.
do $$
declare
  v_role text;
begin
  foreach v_role in array array['anon', 'authenticated', 'service_role'] loop
    continue when exists (select 1 from pg_catalog.pg_roles where rolname = v_role);
    begin
      execute pg_catalog.format('create role %I nologin noinherit%s', v_role, case when v_role = 'service_role' then ' bypassrls' end);
    exception when insufficient_privilege or duplicate_object or unique_violation then
      raise notice 'email_queue: role % was not created: %', v_role, sqlerrm;
    end;
  end loop;
end
$$;
