create function email_queue_private.check_variables(p_variables jsonb) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_variables jsonb := coalesce(nullif(p_variables, 'null'::jsonb), '{}'::jsonb);
begin
  if jsonb_typeof(v_variables) <> 'object' then
    perform email_queue_private.refuse('variables', 'must be an object');
  end if;
  perform email_queue_private.check_json('variables', v_variables);
  return v_variables;
end
$$;
comment on function email_queue_private.check_variables(jsonb) is 'Checks the variables of a template; null becomes an empty object.';
