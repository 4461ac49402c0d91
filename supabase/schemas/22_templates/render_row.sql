-- {template: {name, language, version}, subject, content, text}: the last three as a payload has them.
create function email_queue_private.render_row(p_template email_queue_private.template, p_variables jsonb, p_loose text) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_programs jsonb := p_template.programs;
begin
  return jsonb_strip_nulls(jsonb_build_object(
    'subject', email_queue_private.render_program(v_programs -> 'subject', 'subject', p_variables, p_loose),
    'content', case when v_programs ? 'html' then email_queue_private.render_program(v_programs -> 'html', 'html', p_variables, p_loose) end,
    'text', case when v_programs ? 'text' then email_queue_private.render_program(v_programs -> 'text', 'text', p_variables, p_loose) end))
    || jsonb_build_object('template', jsonb_build_object('name', p_template.name, 'language', nullif(p_template.language, ''), 'version', p_template.version));
end
$$;
comment on function email_queue_private.render_row(email_queue_private.template, jsonb, text) is 'The parts of a template with its variables.';
