-- Everything is taken from everybody, then service_role is given what it needs. Each migration that creates something
-- ends with a call of this, so that nothing is open between two migrations: PostgreSQL gives new functions to PUBLIC, and
-- Supabase's default privileges give what is new in public to anon. email_queue_connect and the retention job call it
-- where a dump was restored without its grants.
create procedure email_queue_private.apply_grants()
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text;
  v_function regprocedure;
  v_relation regclass;
  v_rights text;
  v_service boolean := to_regrole('service_role') is not null;
begin
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and to_regrole(v_role) is null;
    for v_function in select p.oid from email_queue_private.our_functions() as p loop
      execute format('revoke all on routine %s from %s', v_function, v_role);
    end loop;
    for v_relation in select c.oid from email_queue_private.our_relations() as c loop
      execute format('revoke all on table %s from %s', v_relation, v_role);
    end loop;
    execute format('revoke all on schema email_queue_private from %s', v_role);
  end loop;
  for v_relation in select c.oid from email_queue_private.our_relations() as c where c.relkind = 'r' and not c.relrowsecurity loop
    execute format('alter table %s enable row level security', v_relation);
  end loop;
  if not v_service then
    return;
  end if;
  grant usage on schema email_queue_private to service_role;
  for v_function in select p.oid from email_queue_private.our_functions() as p where p.prokind = 'f' loop
    execute format('grant execute on function %s to service_role', v_function);
  end loop;
  for v_relation, v_rights in
    select to_regclass(r.relation), r.rights from email_queue_private.rights() as r where to_regclass(r.relation) is not null
  loop
    execute format('grant %s on %s to service_role', v_rights, v_relation);
  end loop;
  -- Elsewhere than on Supabase service_role may lack bypassrls; and a table without any policy looks forgotten.
  for v_relation in
    select c.oid from email_queue_private.our_relations() as c
    where c.relkind = 'r' and not exists (select 1 from pg_catalog.pg_policy as p where p.polrelid = c.oid)
  loop
    execute format('create policy service_role on %s for all to service_role using (true) with check (true)', v_relation);
  end loop;
end
$$;
comment on procedure email_queue_private.apply_grants() is 'Takes all of email-queue from everybody and gives service_role what it needs. Ends each migration.';
