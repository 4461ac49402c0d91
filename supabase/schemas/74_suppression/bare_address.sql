-- An address of a payload, or of an operator, as addresses are compared: without name, trimmed, in lower case. Dots and +tags stay: at
-- most hosts they tell people apart. The domain is in punycode already, or the worker refuses the message.
create function email_queue_private.bare_address(p_text text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_spaces text := email_queue_private.spaces();
  v_text text collate "C" := btrim(p_text, v_spaces);
begin
  if right(v_text, 1) = '>' then
    v_text := btrim(substring(v_text from '<([^<]*)>$'), v_spaces);
  end if;
  return lower(v_text collate "C");
end
$$;
comment on function email_queue_private.bare_address(text) is 'An address as it is compared: bare, trimmed, in lower case.';
