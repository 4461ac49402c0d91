-- A stored template that cannot be used must not keep anybody from signing in: the next one takes its place. The last is built in.
create function email_queue_private.render_auth(p_type text, p_language text, p_variables jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := 'auth-' || replace(regexp_replace(p_type, '_notification$', ''), '_', '-');
  v_other text := case when p_variables ->> 'Token' = '' and p_variables ->> 'TokenHash' = '' then 'auth-notice' else 'auth-other' end;
  v_template email_queue_private.template;
  v_mail jsonb;
begin
  for v_try in 1..4 loop
    v_template := case v_try
      when 1 then email_queue_private.find_template(v_name, p_language)
      when 2 then email_queue_private.auth_template(v_name)
      when 3 then email_queue_private.find_template(v_other, p_language)
      else email_queue_private.auth_template(v_other) end;
    continue when v_template.name is null;
    begin
      v_mail := email_queue_private.render_row(v_template, p_variables, 'Data');
      if v_mail ->> 'subject' !~ '[^[:space:]]' then
        raise exception 'its subject is empty';
      elsif char_length(v_mail ->> 'subject') > {{MAX_SUBJECT}} then
        raise exception 'its subject has more than {{MAX_SUBJECT}} characters';
      elsif concat(v_mail ->> 'content', v_mail ->> 'text') !~ '[^[:space:]]' then
        raise exception 'it has no text';
      end if;
      return v_mail;
    exception when others then
      raise warning 'email_queue: the template % was not used, another was: %', v_template.name, sqlerrm;
    end;
  end loop;
  perform email_queue_private.refuse('template', 'none can be used');
  return null; -- refuse() raises; the linter wants an end.
end
$$;
comment on function email_queue_private.render_auth(text, text, jsonb) is 'A mail of Supabase Auth from its template.';
