-- Where in a piece of HTML a value would stand. p_tail is what comes before it from the last < on. An attribute that holds an address
-- needs more than escaped characters: whole is its beginning, part is what follows, query is behind a question mark.
create function email_queue_private.tag_context(p_tail text, out url text, out fault text)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_attribute text[];
  v_name text collate "C";
begin
  if p_tail ~* E'^<script\\M[^>]*>' then
    fault := 'stands in a script';
  elsif p_tail ~ '^</?([A-Za-z]|$)' and p_tail ~ '^<[^"''>]*(("[^"]*"|''[^'']*'')[^"''>]*)*$' then
    fault := 'stands in a tag: put the value into quotes, as in href="{{ name }}"';
  elsif p_tail ~ '^</?[A-Za-z]' and p_tail ~ '^<[^"''>]*(("[^"]*"|''[^'']*'')[^"''>]*)*("[^"]*|''[^'']*)$' then
    v_attribute := regexp_match(p_tail, E'([A-Za-z_:][A-Za-z0-9_:.-]*)\\s*=\\s*(?:"([^"]*)|''([^'']*))$');
    v_name := lower(v_attribute[1] collate "C");
    if v_name like 'on%' then
      fault := 'stands in a script';
    elsif v_name in ('href', 'src', 'action', 'formaction', 'background', 'cite', 'data', 'longdesc', 'poster', 'srcset', 'xlink:href') then
      url := case when coalesce(v_attribute[2], v_attribute[3]) ~ E'^[\\x01-\\x20]*$' then 'whole'
        when coalesce(v_attribute[2], v_attribute[3]) ~ '[?#&=]' then 'query' else 'part' end;
    end if;
  end if;
end
$$;
comment on function email_queue_private.tag_context(text) is 'How a value is written at a place of an HTML template; or why it may not stand there.';
