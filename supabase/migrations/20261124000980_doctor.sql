set standard_conforming_strings = on;

-- The doctor: what is broken, and what mends it. Each check is a row of check, status (ok, warn, fail or skip), detail and
-- remedy; a remedy is a command that can be run as it stands, where there is one. This file has the installation; the
-- next has the queue and what the function answers.

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
    'Undo what was changed by hand: the definitions are in supabase/migrations. If it was meant: call email_queue_private.record_schema();');
  return next email_queue_private.finding('grants', case when v_grants is null then 'ok' else 'fail' end,
    coalesce(left(v_grants, 1000), 'only service_role'), 'call email_queue_private.apply_grants();');
end
$$;
comment on function email_queue_private.doctor_schema() is 'Migrations, drift, grants.';

create function email_queue_private.doctor_parts() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_found boolean;
begin
  perform email_queue_private.check_caller();
  foreach v_name in array array['pg_cron', 'pg_net', 'supabase_vault'] loop
    v_found := email_queue_private.has_extension(v_name);
    return next email_queue_private.finding(v_name, case when v_found then 'ok' else 'fail' end,
      case when v_found then 'present' else format('the extension %s is missing', v_name) end,
      email_queue_private.extension_remedy(v_name));
  end loop;
  if not v_found then
    return;
  end if;
  foreach v_name in array array['email_queue_url', 'email_queue_secret'] loop
    begin
      perform email_queue_private.vault_secret(v_name);
      return next email_queue_private.finding('vault ' || v_name, 'ok', 'present');
    exception when object_not_in_prerequisite_state then
      return next email_queue_private.finding('vault ' || v_name, 'fail', format('the Vault secret %s is missing', v_name), 'supabase/functions/deploy.sh');
    end;
  end loop;
end
$$;
comment on function email_queue_private.doctor_parts() is 'Extensions and secrets.';

-- How many seconds lie between two runs of a line of cron; null where that is not plain to see.
create function email_queue_private.cron_seconds(p_line text) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_line ~ '^[0-9]+ seconds$' then split_part(p_line, ' ', 1)::integer
    when p_line = '* * * * *' then 60
    when p_line ~ '^[*]/[0-9]+ [*] [*] [*] [*]$' then substring(p_line from '[0-9]+')::integer * 60
    when p_line = '0 * * * *' then 3600
  end
$$;
comment on function email_queue_private.cron_seconds(text) is 'Seconds between two runs of a schedule, where that is plain to see.';

create function email_queue_private.doctor_job() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
  v_line text;
  v_active boolean;
  v_last timestamptz;
  v_status text;
  v_message text;
  v_since timestamptz;
  v_late interval;
  v_schedule text := format('select email_queue_schedule(%L);', coalesce((email_queue_private.wiring_now()).cron_line, '10 seconds'));
begin
  perform email_queue_private.check_caller();
  if not email_queue_private.has_extension('pg_cron') then
    return;
  end if;
  execute email_queue_private.external('select j.jobid, j.schedule, j.active from cron.job as j where j.jobname = $1') into v_id, v_line, v_active using 'email-queue-run';
  if v_id is null or not v_active then
    return next email_queue_private.finding('cron job', 'fail', format('the cron job email-queue-run is %s: nothing calls the function',
      case when v_id is null then 'missing' else 'switched off' end), v_schedule);
    return;
  end if;
  return next email_queue_private.finding('cron job', 'ok', v_line);

  execute email_queue_private.external('select d.start_time, d.status, d.return_message from cron.job_run_details as d where d.jobid = $1 order by d.runid desc limit 1')
    into v_last, v_status, v_message using v_id;
  v_since := greatest((email_queue_private.wiring_now()).scheduled_at, v_last);
  v_late := greatest(3 * email_queue_private.cron_seconds(v_line), 120) * interval '1 second';
  return next case
    when v_since < statement_timestamp() - v_late then email_queue_private.finding('cron runs', 'fail', format('pg_cron has not run the job since %s', v_since),
      'Restart the database (dashboard: Settings, General): pg_cron''s scheduler has stopped. On your own server: shared_preload_libraries and cron.database_name.')
    when v_status = 'failed' then email_queue_private.finding('cron runs', 'fail', 'the last run failed: ' || left(v_message, 300), v_schedule)
    when v_last is null then email_queue_private.finding('cron runs', 'ok', 'none is due yet')
    else email_queue_private.finding('cron runs', 'ok', format('the last began at %s', v_last)) end;
end
$$;
comment on function email_queue_private.doctor_job() is 'The job of pg_cron and its last run.';

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
    'Run it as the owner of the schema to see more: select email_queue_private.' || p_part || '();'));
end
$$;
comment on function email_queue_private.examine(text) is 'The findings of one part of the doctor.';

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
