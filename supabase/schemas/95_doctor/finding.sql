-- p_found is the fault; if it is null, the finding is ok and p_well is its text.
create function email_queue_private.finding(
  p_check text, p_found text, p_well text default null, p_remedy text default null, p_status text default 'fail', p_data jsonb default null
) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('check', p_check, 'status', s.status, 'detail', coalesce(p_found, p_well),
    'remedy', case when s.status <> 'ok' then p_remedy end) || coalesce(jsonb_build_object('data', p_data), '{}')
  from (select case when p_found is null then 'ok' else p_status end) as s(status)
$$;
comment on function email_queue_private.finding(text, text, text, text, text, jsonb) is 'One row of the doctor''s.';
