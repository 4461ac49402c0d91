-- de-at, then de, then the default: the first of which there is a template that was not deleted; then what is built in.
create function email_queue_private.find_template(p_name text, p_language text) returns email_queue_private.template
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_language text := email_queue_private.check_language(p_language);
  v_template email_queue_private.template;
begin
  loop
    select * into v_template from email_queue_private.template as t
    where t.name = p_name and t.language = v_language order by t.version desc limit 1;
    if found and v_template.deleted_at is null then
      return v_template;
    end if;
    exit when v_language = '';
    v_language := case when strpos(v_language, '-') > 0 then regexp_replace(v_language, '-[^-]*$', '') else '' end;
  end loop;
  return email_queue_private.auth_template(p_name);
end
$$;
comment on function email_queue_private.find_template(text, text) is 'The template of a name that fits a language best; null for an unknown name.';
