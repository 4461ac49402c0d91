-- A part of a template as a list of steps: texts, which are copied, and what read_tag gives. A template is read once, when it is stored;
-- a value is never read as one. The time is in proportion to the length: of what comes before a value only an open HTML tag is looked at
-- again, which is bounded.
create function email_queue_private.compile_template(p_part text, p_source text) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_steps jsonb[] := array[]::jsonb[];
  v_pieces text[] := string_to_array(p_source, '{{');
  v_text text := coalesce(v_pieces[1], '');
  v_tail text := '';
  v_raw text;
  v_tag text;
  v_end integer;
  v_line integer := 1;
  v_fault text;
  v_else boolean[] := array[]::boolean[];
  v_read record;
  v_place record;
begin
  if cardinality(v_pieces) > {{MAX_TEMPLATE_TAGS+1}} then
    perform email_queue_private.refuse(p_part, 'has more than {{MAX_TEMPLATE_TAGS}} tags');
  end if;
  for v_n in 1..cardinality(v_pieces) loop
    if v_n > 1 then
      v_end := strpos(v_pieces[v_n], '}}');
      v_tag := case when v_end > 0 then left(v_pieces[v_n], v_end - 1) else split_part(v_pieces[v_n], chr(10), 1) end;
      v_text := substr(v_pieces[v_n], v_end + 2);
      select null::jsonb as step, null::text as fault into v_read;
      v_fault := case when v_end = 0 then 'has no }}' end;
      -- As in Go, a hyphen at an edge takes the white space beside it away.
      if v_tag like '- %' and jsonb_typeof(v_steps[cardinality(v_steps)]) = 'string' then
        v_steps[cardinality(v_steps)] := to_jsonb(regexp_replace(v_steps[cardinality(v_steps)] #>> '{}', E'\\s+$', ''));
      end if;
      if v_tag like '% -' then
        v_text := regexp_replace(v_text, E'^\\s+', '');
      end if;
      if v_fault is null then
        select * into v_read from email_queue_private.read_tag(btrim(substr(v_tag, 1 + 2 * (v_tag like '- %')::integer, char_length(v_tag) - 2 * (v_tag like '- %')::integer - 2 * (v_tag like '% -')::integer), E' \t\r\n'));
        v_fault := v_read.fault;
      end if;
      if v_fault is null and p_part = 'html' and char_length(v_tail) > {{MAX_OPEN_TAG}} then
        v_fault := 'stands in a tag, more than {{MAX_OPEN_TAG}} characters behind its beginning';
        v_read.step := null;
      end if;
      case v_read.step ->> 'op'
        when 'put' then
          if p_part = 'html' then
            select * into v_place from email_queue_private.tag_context(v_tail, v_raw);
            v_fault := v_place.fault;
            v_read.step := v_read.step || jsonb_strip_nulls(jsonb_build_object('url', coalesce(v_read.step ->> 'url', v_place.url)));
            v_tail := v_tail || case when v_tail <> '' then 'x' else '' end;
          end if;
        when 'if' then
          v_else := v_else || false;
          v_fault := case when cardinality(v_else) > {{MAX_NESTING}} then 'is nested more than {{MAX_NESTING}} deep' end;
        when 'elif', 'else' then
          v_fault := case when cardinality(v_else) = 0 then 'belongs to no if' when v_else[cardinality(v_else)] then 'comes after an else' end;
          v_else[greatest(cardinality(v_else), 1)] := v_read.step ->> 'op' = 'else';
        when 'end' then
          v_fault := case when cardinality(v_else) = 0 then 'belongs to no if' end;
          v_else := v_else[1:cardinality(v_else) - 1];
        else
      end case;
      if v_fault is not null then
        perform email_queue_private.refuse(p_part, format('line %s: {{%s}} %s', v_line, left(v_tag, 60), v_fault));
      end if;
      v_line := v_line + char_length(v_tag) - char_length(replace(v_tag, chr(10), ''));
      v_steps := v_steps || v_read.step;
    end if;
    v_line := v_line + char_length(v_text) - char_length(replace(v_text, chr(10), ''));
    -- Without texts and whole tags an open tag is left, or nothing.
    v_tail := regexp_replace(v_tail || v_text, '^(?:[^<]|<(?!/?(?:[A-Za-z]|$))|</?[A-Za-z][^"''>]*(?:(?:"[^"]*"|''[^'']*'')[^"''>]*)*>)*', '');
    if v_text ~* '</?(script|style)' then
      v_raw := coalesce(substring(v_text from E'(?i)^.*(</?(?:script|style))\\M'), v_raw);
      v_raw := case when v_raw not like '</%' then v_raw end;
    end if;
    v_steps := v_steps || nullif(to_jsonb(v_text), '""'::jsonb);
  end loop;
  if cardinality(v_else) > 0 then
    perform email_queue_private.refuse(p_part, 'has an {{ if }} without {{ end }}');
  end if;
  return to_jsonb(array_remove(v_steps, null));
end
$$;
comment on function email_queue_private.compile_template(text, text) is 'Reads a part of a template; an error names the line and the tag.';
