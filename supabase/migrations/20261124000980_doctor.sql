set standard_conforming_strings = on;

-- The doctor: what is broken, and what mends it. Each check is a row of check, status (ok, warn, fail or skip), detail and
-- remedy. Where a command mends it, the remedy ends with it, after a colon, as it can be copied: it mends what the finding
-- names and changes nothing else (a test runs each). Where none can, the remedy says what to wait for or where to look. This
-- file has the installation; the next ones have its parts, whose queue it is, the schedule, the calls and the queue.

create function email_queue_private.finding(p_check text, p_status text, p_detail text, p_remedy text default null, p_data jsonb default null) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('check', p_check, 'status', p_status, 'detail', p_detail,
    'remedy', case when p_status in ('warn', 'fail') then p_remedy end) || coalesce(jsonb_build_object('data', p_data), '{}')
$$;
comment on function email_queue_private.finding(text, text, text, text, jsonb) is 'One row of the doctor''s.';

create function email_queue_private.doctor_schema() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_versions text[];
  v_drift text;
  v_grants text := email_queue_private.wrong_grants();
begin
  perform email_queue_private.check_caller();
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    execute email_queue_private.external('select array_agg(m.version order by m.version) from supabase_migrations.schema_migrations as m') into v_versions;
  end if;
  -- Which there should be, the command knows.
  return next email_queue_private.finding('migrations', case when v_versions is null then 'skip' else 'ok' end,
    coalesce('the newest is ' || v_versions[cardinality(v_versions)], 'the Supabase CLI has no record of migrations here'), null, to_jsonb(v_versions));

  select string_agg(case when n.name is null then o.name || ' is gone' when o.name is null then n.name || ' is new' else o.name || ' was changed' end,
    ', ' order by coalesce(o.name, n.name)) into v_drift
  from jsonb_each_text(email_queue_private.recorded_objects()) as o(name, digest) full join email_queue_private.schema_objects() as n on n.name = o.name
  where n.digest is distinct from o.digest;
  return next email_queue_private.finding('schema', case when v_drift is null then 'ok' else 'fail' end,
    coalesce(left(v_drift, 1000), 'as the migrations left it'),
    'Undo what was changed by hand (the definitions are in supabase/migrations). If it was meant: call email_queue_private.record_schema();');
  return next email_queue_private.finding('grants', case when v_grants is null then 'ok' else 'fail' end,
    coalesce(left(v_grants, 1000), 'only service_role'), 'call email_queue_private.apply_grants();');
end
$$;
comment on function email_queue_private.doctor_schema() is 'Migrations, drift, grants.';

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
    return next email_queue_private.finding('writable', 'fail', 'this server is a read replica, or still recovering: nothing can be written here',
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
  return next email_queue_private.finding('writable', case when v_on then 'fail' else 'ok' end,
    case when not v_on then 'it takes writes'
      when coalesce(v_role, v_database) is null then 'the server is read-only: neither pg_cron nor SQL can write. Supabase does this to a database whose disk is full'
      else format('default_transaction_read_only is on for %s: neither pg_cron nor SQL can write',
        concat_ws(' in ', 'the role ' || v_role, 'the database ' || v_database)) end,
    case when coalesce(v_role, v_database) is null
      then 'On Supabase: a larger disk, or less data (dashboard: Project Settings, Compute and Disk); it ends by itself. On a server of your own, as a superuser: alter system reset default_transaction_read_only; select pg_reload_conf();'
      else format('begin read write; alter %s reset default_transaction_read_only; commit;', case when v_role is null then format('database %I', v_database)
        else concat_ws(' in ', format('role %I', v_role), 'database ' || quote_ident(v_database)) end) end);
end
$$;
comment on function email_queue_private.doctor_writable() is 'Whether pg_cron and SQL can write.';

-- A check that breaks is a finding, not the end of the others.
create function email_queue_private.examine(p_part text) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_findings jsonb;
begin
  execute format('select coalesce(jsonb_agg(f), ''[]'') from email_queue_private.%I() as f', p_part) into v_findings;
  return v_findings;
exception when others then
  return jsonb_build_array(email_queue_private.finding(p_part, 'fail', format('this check broke: %s (%s)', sqlerrm, sqlstate),
    'To see more, as the owner of the schema: select email_queue_private.' || p_part || '();'));
end
$$;
comment on function email_queue_private.examine(text) is 'The findings of one part of the doctor.';

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
