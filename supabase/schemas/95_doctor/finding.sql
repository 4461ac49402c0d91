create function email_queue_private.finding(p_check text, p_status text, p_detail text, p_remedy text default null, p_data jsonb default null) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('check', p_check, 'status', p_status, 'detail', p_detail,
    'remedy', case when p_status in ('warn', 'fail') then p_remedy end) || coalesce(jsonb_build_object('data', p_data), '{}')
$$;
comment on function email_queue_private.finding(text, text, text, text, jsonb) is 'One row of the doctor''s.';
