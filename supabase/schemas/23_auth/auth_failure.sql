-- Auth answers the application with this. Of an error that is not ours only the code is told: its text may have values.
create function email_queue_private.auth_failure(p_state text, p_message text, p_detail text) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('error', case
    when p_state = '22023' and p_detail = 'field=address'
      then jsonb_build_object('http_code', 422, 'message', 'The e-mail ' || replace(p_message, 'email_queue: address: ', 'address is refused: '))
    when p_state = '22023' and p_detail like 'field=%'
      then jsonb_build_object('http_code', 500, 'message', 'The e-mail could not be queued. ' || p_message)
    when p_state in ('55P03', '57014', '40P01', '40001')
      then jsonb_build_object('http_code', 503, 'message', 'The e-mail could not be queued, because the database is busy. Try again in a moment.')
    else jsonb_build_object('http_code', 500, 'message', format('The e-mail could not be queued (SQLSTATE %s).', p_state)) end)
$$;
comment on function email_queue_private.auth_failure(text, text, text) is 'An error as Supabase Auth takes it from a hook.';
