-- PostgREST says that its transactions write; pg_cron's and the SQL editor's do what the setting says.
create function email_queue_private.doctor_writable() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_owner name := (select pg_get_userbyid(n.nspowner) from pg_catalog.pg_namespace as n where n.nspname = 'email_queue_private');
  v_role name;
  v_database name;
  v_on boolean;
begin
  if pg_is_in_recovery() then
    return next email_queue_private.finding('writable', 'this server is a read replica, or still recovering: nothing can be written here', null,
      'Ask the primary, at the database''s own address');
    return;
  end if;
  -- What a session of the owner gets: its own setting comes before the database''s, and that before the server''s.
  select r.rolname, d.datname, split_part(c.line, '=', 2)::boolean into v_role, v_database, v_on
  from pg_catalog.pg_db_role_setting as s cross join unnest(s.setconfig) as c(line)
  left join pg_catalog.pg_roles as r on r.oid = s.setrole left join pg_catalog.pg_database as d on d.oid = s.setdatabase
  where starts_with(c.line, 'default_transaction_read_only=') and (s.setrole = 0 or r.rolname = v_owner) and (s.setdatabase = 0 or d.datname = current_database())
  order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1;
  if v_on is null then
    select p.setting::boolean and p.source in ('default', 'configuration file', 'command line') into v_on
    from pg_catalog.pg_settings as p where p.name = 'default_transaction_read_only';
  end if;
  return next email_queue_private.finding('writable',
    case when not v_on then null
      when coalesce(v_role, v_database) is null then 'the server is read-only: neither pg_cron nor SQL can write. Supabase does this to a database whose disk is full'
      else format('default_transaction_read_only is on for %s: neither pg_cron nor SQL can write',
        concat_ws(' in ', 'the role ' || v_role, 'the database ' || v_database)) end, 'it can be written',
    case when coalesce(v_role, v_database) is null
      then 'On Supabase: a larger disk, or less data (dashboard: Project Settings, Compute and Disk); it ends by itself. On a server of your own, as a superuser: alter system reset default_transaction_read_only; select pg_reload_conf();'
      else format('begin read write; alter %s reset default_transaction_read_only; commit;', case when v_role is null then format('database %I', v_database)
        else concat_ws(' in ', format('role %I', v_role), 'database ' || quote_ident(v_database)) end) end);
end
$$;
comment on function email_queue_private.doctor_writable() is 'Whether pg_cron and SQL can write.';
