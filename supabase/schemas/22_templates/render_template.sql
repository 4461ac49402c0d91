create function email_queue_private.render_template(p_name text, p_language text, p_variables jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_template email_queue_private.template;
  v_variables jsonb := email_queue_private.check_variables(p_variables);
begin
  perform email_queue_private.check_template_name('template', p_name);
  v_template := email_queue_private.find_template(p_name, p_language);
  if v_template.name is null then
    perform email_queue_private.refuse('template', format('there is no template %s: store it with email_queue_template_put', p_name));
  end if;
  return email_queue_private.render_row(v_template, v_variables, null);
end
$$;
comment on function email_queue_private.render_template(text, text, jsonb) is 'The subject, HTML and text of a template with its variables.';
