-- One tag, without its braces and trimmed, as a step of a program: {op: put|if|elif|else|end, path, url, test, value}; null is a comment. A
-- point before a name is Supabase Auth's way of writing. Word by word, since regular expressions took most of the time.
create function email_queue_private.read_tag(p_tag text, out step jsonb, out fault text)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_words text[] := string_to_array(regexp_replace(p_tag, '[[:space:]]+', ' ', 'g'), ' ');
  v_if boolean := v_words[1] in ('if', '#if') or v_words[1] = 'else' and v_words[2] = 'if';
  v_name text;
  v_value text;
begin
  if p_tag like '!%' or p_tag like '/*%*/' then
    return;
  elsif p_tag in ('end', '/if') then
    step := '{"op": "end"}';
    return;
  elsif p_tag = 'else' then
    step := '{"op": "else"}';
    return;
  elsif v_if then
    step := jsonb_build_object('op', case when v_words[1] = 'else' then 'elif' else 'if' end);
    v_words := v_words[case when v_words[1] = 'else' then 3 else 2 end:];
    if v_words[1] = 'not' and cardinality(v_words) = 2 then
      step := step || '{"test": "not"}';
      v_words := v_words[2:];
    elsif v_words[1] in ('eq', 'ne') and cardinality(v_words) > 2 then
      v_value := substring(p_tag from '"([^"]*)"$');
      step := step || jsonb_build_object('test', v_words[1], 'value', v_value);
      v_words := case when v_value is not null and strpos(p_tag, '"') = char_length(p_tag) - char_length(v_value) - 1 then v_words[2:2] end;
    end if;
  else
    step := '{"op": "put"}';
    if v_words[1] in ('url', 'urlquery') and cardinality(v_words) = 2 then
      step := step || jsonb_build_object('url', case v_words[1] when 'url' then 'whole' else 'query' end);
      v_words := v_words[2:];
    end if;
  end if;
  v_name := ltrim(v_words[1], '.');
  if cardinality(v_words) = 1 and char_length(v_words[1]) - char_length(v_name) < 2 and char_length(v_name) <= {{MAX_SHOWN}}
    and v_name ~ '^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*$'
  then
    step := step || jsonb_build_object('path', string_to_array(v_name, '.'));
  else
    step := null;
    fault := case when v_if then 'is no condition: use if name, if not name, if eq name "text" or if ne name "text"'
      else 'is not known: use a name, if, else, end, url or urlquery' end;
  end if;
end
$$;
comment on function email_queue_private.read_tag(text) is 'A tag of a template as a step of its program; or what is wrong with it.';
