-- The table's lock makes each version one more than the last; what reads templates does not wait for it.
create function public.email_queue_template_put(
  p_name text, p_subject text, p_html text default null, p_text text default null, p_language text default null
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_language text := email_queue_private.check_language(p_language);
  v_programs jsonb;
  v_old email_queue_private.template;
  v_new email_queue_private.template;
begin
  perform email_queue_private.check_template_name('name', p_name);
  v_programs := email_queue_private.compile_parts(p_subject, p_html, p_text);
  lock table email_queue_private.template in share row exclusive mode;
  select * into v_old from email_queue_private.template as t where t.name = p_name and t.language = v_language order by t.version desc limit 1;
  if v_old.version is not null and v_old.deleted_at is null
    and (v_old.subject, v_old.html, v_old.text) is not distinct from (p_subject, p_html, p_text)
  then
    return email_queue_private.describe_template(v_old) || '{"changed": false}';
  end if;
  insert into email_queue_private.template (name, language, version, created_at, subject, html, text, programs)
  values (p_name, v_language, coalesce(v_old.version, 0) + 1, clock_timestamp(), p_subject, p_html, p_text, v_programs)
  returning * into v_new;
  delete from email_queue_private.template where name = p_name and language = v_language and version <= v_new.version - {{MAX_VERSIONS}};
  perform email_queue_private.note_action('put_template', null, jsonb_build_object('name', p_name, 'language', nullif(v_language, ''), 'version', v_new.version));
  return email_queue_private.describe_template(v_new) || '{"changed": true}';
end
$$;
comment on function public.email_queue_template_put(text, text, text, text, text) is
  'Stores a template, for one language or for all others. Another content is another version. Answers {name, language, version, created_at, variables, changed}.';
