create function public.email_queue_template_get(p_name text, p_language text default null, p_version integer default null) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_language text := email_queue_private.check_language(p_language);
  v_template email_queue_private.template;
begin
  select * into v_template from email_queue_private.template as t
  where t.name = p_name and t.language = v_language and (p_version is null or t.version = p_version) order by t.version desc limit 1;
  if not found or p_version is null and v_template.deleted_at is not null then
    return null;
  end if;
  return email_queue_private.describe_template(v_template)
    || jsonb_build_object('subject', v_template.subject, 'html', v_template.html, 'text', v_template.text);
end
$$;
comment on function public.email_queue_template_get(text, text, integer) is
  'A template of exactly this language, in its newest version or in p_version: {name, language, version, created_at, variables, subject, html, text}; null for an unknown name.';
