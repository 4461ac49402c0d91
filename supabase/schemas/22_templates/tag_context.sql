-- Where in a piece of HTML a value would stand. p_tail is the open tag that it is in, or empty; p_raw the script or style sheet. An attribute
-- that holds an address needs more than escaped characters: whole is its beginning, as long as nothing has
-- ended the scheme, part is what follows, query is behind a question mark.
create function email_queue_private.tag_context(p_tail text, p_raw text, out url text, out fault text)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  -- The tag up to the quote, and the value from it on.
  v_parts text[] := regexp_match(p_tail, '^(<[^"'']*(?:(?:"[^"]*"|''[^'']*'')[^"'']*)*)("[^"]*|''[^'']*)$');
  v_value text := substr(v_parts[2], 2);
  v_name text collate "C" := lower(substring(v_parts[1] from E'([A-Za-z_:][A-Za-z0-9_:.-]*)\\s*=\\s*$') collate "C");
begin
  if p_raw is not null then
    fault := case when p_raw ~* 'script' then 'stands in a script' else 'stands in a style sheet' end;
  elsif p_tail <> '' and v_parts is null then
    fault := 'stands in a tag: put the value into quotes, as in href="{{ name }}"';
  elsif p_tail ~* E'^<meta\\M' then
    fault := 'stands in <meta>, which could lead to another page';
  elsif v_name like 'on%' then
    fault := 'stands in a script';
  elsif v_name = 'srcdoc' then
    fault := 'stands in srcdoc, which is a page of its own';
  elsif v_name in ('href', 'src', 'action', 'formaction', 'background', 'cite', 'data', 'longdesc', 'poster', 'srcset', 'xlink:href') then
    url := case when v_value ~ '[?#&=]' then 'query' when v_value ~ '[/:]' then 'part' else 'whole' end;
  end if;
end
$$;
comment on function email_queue_private.tag_context(text, text) is 'How a value is written at a place of an HTML template; or why it may not stand there.';
