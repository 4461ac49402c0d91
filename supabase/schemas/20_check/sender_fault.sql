-- What is wrong with a sender, and in which field of it: what src/email/address.rs says. A sender that the worker would refuse
-- for ever must not become the default one.
create function email_queue_private.sender_fault(p_from jsonb, out field text, out message text)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_spaces text := email_queue_private.spaces();
  v_controls text := '[' || chr(1) || '-' || chr(31) || chr(127) || '-' || chr(159) || ']';
  v_text text collate "C";
  v_name text collate "C";
  v_key text;
begin
  field := 'from';
  if jsonb_typeof(p_from) = 'object' then
    select k into v_key from jsonb_object_keys(p_from) as k where k not in ('email', 'name') limit 1;
    if v_key is not null then
      field := 'from.' || case when v_key ~ '^[A-Za-z0-9_-]{1,{{MAX_SHOWN}}}$' then v_key else '?' end;
      message := 'unknown field';
      return;
    end if;
    foreach v_key in array array['email', 'name'] loop
      field := 'from.' || v_key;
      v_text := p_from ->> v_key;
      message := case
        when v_text is null then case v_key when 'email' then 'is required' end
        when jsonb_typeof(p_from -> v_key) <> 'string' then 'must be a string'
        when v_text ~ v_controls then 'must not contain line breaks or other control characters'
        when v_key = 'email' then email_queue_private.bare_address_fault(btrim(v_text, v_spaces))
        when char_length(v_text) > {{MAX_NAME}} then 'has a name of more than {{MAX_NAME}} characters'
      end;
      if message is not null then
        return;
      end if;
    end loop;
  elsif jsonb_typeof(p_from) is distinct from 'string' then
    message := 'must be an address or {email, name}';
  else
    v_text := p_from #>> '{}';
    message := case
      when char_length(v_text) > {{MAX_ADDRESS_TEXT}} then 'has a name of more than {{MAX_NAME}} characters'
      when v_text ~ v_controls then 'must not contain line breaks or other control characters'
    end;
    v_text := btrim(v_text, v_spaces);
    if message is null and right(v_text, 1) = '>' then
      if strpos(v_text, '<') = 0 then
        message := 'not a valid e-mail address: it has a > without a <';
      else
        v_key := substring(v_text from '<([^<]*)>$');
        v_name := btrim(left(v_text, char_length(v_text) - char_length(v_key) - 2), v_spaces);
        v_text := btrim(v_key, v_spaces);
        message := case
          when left(v_name, 1) = '"' then
            case when v_name !~ E'^"([^"\\\\]|\\\\.)*"$' then 'the display name''s quotes do not match' end
          when v_name ~ '@' and v_name ~ '[,;]' then 'more than one address in a string; use a list'
          when v_name ~ '[<>"]' then 'the display name must be in quotes, or use {email, name}'
        end;
      end if;
    end if;
    message := coalesce(message, email_queue_private.bare_address_fault(v_text));
  end if;
  if message is null then
    field := null;
  end if;
end
$$;
comment on function email_queue_private.sender_fault(jsonb) is 'What is wrong with a sender, and where; nulls if nothing is.';
