-- One variable. p_loose names the variable that a stranger fills (Auth's Data): what is missing in it is empty, and what may not stand in
-- its place is left out, so that it spoils no mail.
create function email_queue_private.render_value(p_step jsonb, p_part text, p_variables jsonb, p_loose text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_path text[] := array(select jsonb_array_elements_text(p_step -> 'path'));
  v_field text := 'variables.' || array_to_string(v_path, '.');
  v_value jsonb := p_variables #> v_path;
  v_text text := case when jsonb_typeof(v_value) in ('string', 'number', 'boolean') then v_value #>> '{}' end;
begin
  if v_path[1] = p_loose then
    v_text := left(coalesce(v_text, ''), {{MAX_LOOSE_VALUE}});
    if p_step ? 'url' then
      v_text := coalesce(email_queue_private.write_url(v_text, p_step ->> 'url'), '#');
    end if;
  else
    if v_text is null then
      perform email_queue_private.refuse(v_field, case when coalesce(jsonb_typeof(v_value), 'null') = 'null' then 'is missing'
        else 'must be a text, a number or a boolean' end);
    end if;
    if p_step ? 'url' then
      v_text := email_queue_private.write_url(v_text, p_step ->> 'url');
      if v_text is null then
        perform email_queue_private.refuse(v_field, 'must be an address with http, https, mailto or tel, of at most {{MAX_URL_VALUE}} characters');
      end if;
    end if;
  end if;
  return case p_part when 'html' then email_queue_private.escape_html(v_text) else v_text end;
end
$$;
comment on function email_queue_private.render_value(jsonb, text, jsonb, text) is 'A variable as it stands in a part of an e-mail; an error names it.';
