-- Everything is taken from everybody, then service_role is given what it needs. Each migration that creates something
-- ends with a call of this, so that no function is open between two migrations: PostgreSQL gives new functions to PUBLIC, and
-- Supabase's default privileges give what is new in public to anon. email_queue_connect and the retention job call it
-- after a dump was restored without its grants. Row security is for callers that have rights by mistake.
create procedure email_queue_private.apply_grants()
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_object text;
  v_name text;
  v_role text;
  v_relation regclass;
begin
  for v_object, v_name in select h.object, coalesce(quote_ident(h.role), 'public') from email_queue_private.held_rights() as h group by 1, 2 loop
    execute format('revoke all on %s from %s cascade', v_object, v_name);
  end loop;
  for v_relation in select c.oid from email_queue_private.our_relations() as c where c.relkind = 'r' and not c.relrowsecurity loop
    execute format('alter table %s enable row level security', v_relation);
  end loop;
  if to_regrole('service_role') is null then
    return;
  end if;
  for v_object, v_name, v_role in select w.object, w.privilege, w.role from email_queue_private.wanted_rights() as w loop
    execute format('grant %s on %s to %I', v_name, v_object, v_role);
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
