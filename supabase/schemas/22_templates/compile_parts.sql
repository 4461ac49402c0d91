create function email_queue_private.compile_parts(p_subject text, p_html text, p_text text) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_part text;
  v_source text;
  v_most integer;
  v_programs jsonb := jsonb_build_object();
begin
  for v_part, v_source, v_most in
    select p.name, p.source, p.most from (values ('subject', p_subject, {{MAX_SUBJECT}}), ('html', p_html, {{MAX_TEMPLATE}}), ('text', p_text, {{MAX_TEMPLATE}})) as p(name, source, most)
  loop
    if char_length(v_source) > v_most then
      perform email_queue_private.refuse(v_part, format('must have at most %s characters', v_most));
    end if;
    if v_source is not null then
      v_programs := v_programs || jsonb_build_object(v_part, email_queue_private.compile_template(v_part, v_source));
    end if;
  end loop;
  if btrim(coalesce(p_subject, '')) = '' then
    perform email_queue_private.refuse('subject', 'is missing');
  elsif p_html is null and p_text is null then
    perform email_queue_private.refuse('html', 'is missing: give html, text or both');
  end if;
  return v_programs;
end
$$;
comment on function email_queue_private.compile_parts(text, text, text) is 'The programs of a template''s parts; an error names the part.';
