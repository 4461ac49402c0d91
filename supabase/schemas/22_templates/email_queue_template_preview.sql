create function public.email_queue_template_preview(p_name text, p_variables jsonb default '{}', p_language text default null) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_shown jsonb := email_queue_private.render_template(p_name, p_language, p_variables);
begin
  return jsonb_build_object('template', v_shown -> 'template', 'subject', v_shown -> 'subject', 'html', v_shown -> 'content', 'text', v_shown -> 'text');
end
$$;
comment on function public.email_queue_template_preview(text, jsonb, text) is
  'A template with its variables, as it would be sent: {template: {name, language, version}, subject, html, text}. An error names a variable that is missing.';
