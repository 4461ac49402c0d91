create function email_queue_private.this_server() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_system text;
  v_database oid := (select d.oid from pg_catalog.pg_database as d where d.datname = current_database());
begin
  begin
    select s.system_identifier::text into v_system from pg_catalog.pg_control_system() as s;
  exception when others then
    null; -- Not readable here: then the database's oid is all there is.
  end;
  return coalesce(v_system, '?') || '/' || v_database;
end
$$;
comment on function email_queue_private.this_server() is 'The server''s system identifier and the database''s oid.';
