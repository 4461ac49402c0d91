-- An error as it is stored: the worker's object with the time of the database.
create function email_queue_private.stamp_error(p_error jsonb, p_attempt integer) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when jsonb_typeof(p_error) = 'object'
    then jsonb_build_array(p_error || jsonb_build_object('at', clock_timestamp(), 'attempt', p_attempt)) end
$$;
comment on function email_queue_private.stamp_error(jsonb, integer) is 'A list of one error with its time and attempt; null without an error.';
