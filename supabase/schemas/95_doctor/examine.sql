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
  return jsonb_build_array(email_queue_private.finding(p_part, format('this check failed with an error: %s (%s)', sqlerrm, sqlstate), null,
    'To see more, as the owner of the schema: select email_queue_private.' || p_part || '();'));
end
$$;
comment on function email_queue_private.examine(text) is 'The findings of one part of the doctor.';
