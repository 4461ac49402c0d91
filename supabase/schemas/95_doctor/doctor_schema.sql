create function email_queue_private.doctor_schema() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_drift text;
begin
  perform email_queue_private.check_caller();
  -- Which it should be, the command knows.
  return next email_queue_private.finding('version', null, public.email_queue_version());

  select string_agg(case when n.name is null then o.name || ' is gone' when o.name is null then n.name || ' is new' else o.name || ' was changed' end,
    ', ' order by coalesce(o.name, n.name)) into v_drift
  from jsonb_each_text(email_queue_private.recorded_objects()) as o(name, digest) full join email_queue_private.schema_objects() as n on n.name = o.name
  where n.digest is distinct from o.digest;
  return next email_queue_private.finding('schema', left(v_drift, 1000), 'as the migrations left it',
    'Undo what was changed by hand (the definitions are in supabase/migrations). If it was done on purpose: call email_queue_private.record_schema();');
  return next email_queue_private.finding('grants', left(email_queue_private.wrong_grants(), 1000), 'only service_role',
    'call email_queue_private.apply_grants();');
end
$$;
comment on function email_queue_private.doctor_schema() is 'Version, drift, grants.';
