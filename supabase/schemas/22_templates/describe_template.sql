create function email_queue_private.describe_template(p_template email_queue_private.template) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('name', p_template.name, 'language', nullif(p_template.language, ''), 'version', p_template.version,
    'created_at', p_template.created_at, 'variables', email_queue_private.template_variables(p_template.programs));
end
$$;
comment on function email_queue_private.describe_template(email_queue_private.template) is 'A template as the functions answer it, without its parts.';
