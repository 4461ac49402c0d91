set standard_conforming_strings = on;

-- What enqueue checks of an e-mail: structure, size and sender. The rest of a payload is checked by the client before and by
-- the worker after.

-- The domain of "a@b.c", "Name <a@b.c>" or {"email": "a@b.c"}; null where there is none.
create function email_queue_private.sender_domain(p_from jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return lower(substring(
    case jsonb_typeof(p_from) when 'string' then p_from #>> '{}' when 'object' then p_from ->> 'email' end
    from '@([A-Za-z0-9.-]+)[^A-Za-z0-9@.-]*$') collate "C");
end
$$;
comment on function email_queue_private.sender_domain(jsonb) is 'The lower-case domain of a sender; null where there is none.';

-- What is wrong with a bare address, or null: what src/email/address.rs says, in its words.
create function email_queue_private.bare_address_fault(p_bare text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_local text collate "C" := split_part(p_bare, '@', 1);
  v_domain text collate "C" := substr(p_bare, strpos(p_bare, '@') + 1);
begin
  return case
    when p_bare = '' then 'must not be empty'
    when strpos(p_bare, '@') = 0 then 'not a valid e-mail address: it has no at sign'
    when strpos(v_domain, '@') > 0 then
      case when p_bare ~ '[,;]' then 'more than one address in a string; use a list'
        else 'not a valid e-mail address: it has more than one at sign' end
    when octet_length(p_bare) > 254 then 'not a valid e-mail address: it is longer than 254 characters'
    when octet_length(v_local) > char_length(v_local) then 'not a valid e-mail address: the part before the at sign must be ASCII'
    when char_length(v_local) > 64 then 'not a valid e-mail address: the part before the at sign is longer than 64 characters'
    when v_local !~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*$'
      then 'not a valid e-mail address: the part before the at sign is malformed'
    when octet_length(v_domain) > char_length(v_domain) then 'not a valid e-mail address: write the domain in punycode (xn--…)'
    when v_domain !~ '^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$' or v_domain ~ '[.][0-9]+$'
      then 'not a valid e-mail address: the domain is malformed'
  end;
end
$$;
comment on function email_queue_private.bare_address_fault(text) is 'What is wrong with an address without a name; null where nothing is.';

-- What is wrong with a sender, and in which field of it: what src/email/address.rs says. A sender that the worker would refuse
-- for ever must not become the default one.
create function email_queue_private.sender_fault(p_from jsonb, out field text, out message text)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  -- What Unicode calls white space, without control characters.
  v_spaces text := ' ' || chr(160) || chr(5760) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198)
    || chr(8199) || chr(8200) || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8239) || chr(8287) || chr(12288);
  v_controls text := '[' || chr(1) || '-' || chr(31) || chr(127) || '-' || chr(159) || ']';
  v_text text collate "C";
  v_name text collate "C";
  v_key text;
begin
  field := 'from';
  if jsonb_typeof(p_from) = 'object' then
    select k into v_key from jsonb_object_keys(p_from) as k where k not in ('email', 'name') limit 1;
    if v_key is not null then
      field := 'from.' || case when v_key ~ '^[A-Za-z0-9_-]{1,64}$' then v_key else '?' end;
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
        when char_length(v_text) > 256 then 'has a name of more than 256 characters'
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
      when char_length(v_text) > 520 then 'has a name of more than 256 characters'
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
comment on function email_queue_private.sender_fault(jsonb) is 'What is wrong with a sender, and where; nulls where nothing is.';

-- What is wrong with a field of recipients, or null. Their addresses are checked by the client before and by the worker after.
create function email_queue_private.addresses_fault(p_value jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_list jsonb := case jsonb_typeof(p_value) when 'array' then p_value else jsonb_build_array(p_value) end;
  v_shaped boolean;
  v_short boolean;
begin
  if jsonb_array_length(v_list) > 50 then
    return 'must have at most 50 addresses';
  end if;
  select bool_and(strpos(a.address, '@') > 1), bool_and(char_length(a.address) <= 520 and char_length(a.name) <= 256) into v_shaped, v_short
  from jsonb_array_elements(v_list) as e cross join lateral (select
    coalesce(case jsonb_typeof(e) when 'string' then e #>> '{}' when 'object' then e ->> 'email' end, '') as address,
    case jsonb_typeof(e) when 'object' then coalesce(e ->> 'name', '') else '' end as name) as a;
  return case
    when v_shaped is distinct from true then 'must be an e-mail address, {email, name}, or a list of either'
    when not v_short then 'has a name of more than 256 characters'
  end;
end
$$;
comment on function email_queue_private.addresses_fault(jsonb) is 'What is wrong with a field of recipients; null where nothing is.';

-- What an e-mail may have of what costs the worker time, in the words of src/email/limits.rs.
create function email_queue_private.check_limits(p_payload jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_headers jsonb := p_payload -> 'headers';
  v_attachments jsonb := p_payload -> 'attachments';
  v_variables jsonb := p_payload -> 'template' -> 'variables';
  v_fault record;
begin
  if jsonb_typeof(p_payload -> 'replyTo') = 'array' and jsonb_array_length(p_payload -> 'replyTo') > 50 then
    perform email_queue_private.refuse('replyTo', 'must have at most 50 addresses');
  end if;
  if jsonb_typeof(v_headers) = 'object' then
    if (select count(*) from jsonb_object_keys(v_headers)) > 50 then
      perform email_queue_private.refuse('headers', 'must have at most 50 headers');
    end if;
    select case when h.key ~ '^[A-Za-z0-9_-]{1,64}$' then h.key else '?' end as name,
      case when char_length(h.key) > 126 then 'a header''s name must have at most 126 characters' else 'must have at most 4096 characters' end as message
    into v_fault
    from jsonb_each_text(v_headers) as h where char_length(h.key) > 126 or char_length(h.value) > 4096 limit 1;
    if found then
      perform email_queue_private.refuse('headers.' || v_fault.name, v_fault.message);
    end if;
  end if;
  if jsonb_typeof(v_attachments) = 'array' then
    if jsonb_array_length(v_attachments) > 100 then
      perform email_queue_private.refuse('attachments', 'must have at most 100 attachments');
    end if;
    select a.n - 1 as n, l.name, l.most into v_fault
    from jsonb_array_elements(v_attachments) with ordinality as a(e, n)
    cross join lateral (values ('filename', 255), ('contentType', 255), ('path', 2048)) as l(name, most)
    where jsonb_typeof(a.e) = 'object' and char_length(a.e ->> l.name) > l.most limit 1;
    if found then
      perform email_queue_private.refuse(format('attachments[%s].%s', v_fault.n, v_fault.name), format('must have at most %s characters', v_fault.most));
    end if;
  end if;
  if jsonb_typeof(v_variables) = 'object' and (select count(*) from jsonb_object_keys(v_variables)) > 100 then
    perform email_queue_private.refuse('template.variables', 'must have at most 100 variables');
  end if;
  if (select count(*) from jsonb_path_query(p_payload, '$.**')) > 2000 then
    perform email_queue_private.refuse('payload', 'has more than 2000 values');
  end if;
end
$$;
comment on function email_queue_private.check_limits(jsonb) is 'Refuses an e-mail with more headers, attachments, variables or values than the worker has time for.';

-- The lane of an e-mail, or an error that names the field.
create function email_queue_private.check_email(p_payload jsonb) returns text
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_field text;
  v_fault text;
  v_sender record;
begin
  foreach v_field in array array['to', 'cc', 'bcc'] loop
    if p_payload ? v_field and jsonb_typeof(p_payload -> v_field) <> 'null'
      and not (v_field <> 'to' and p_payload -> v_field = '[]'::jsonb) then
      v_fault := email_queue_private.addresses_fault(p_payload -> v_field);
      if v_fault is not null then
        perform email_queue_private.refuse(v_field, v_fault);
      end if;
    elsif v_field = 'to' then
      perform email_queue_private.refuse('to', 'is missing');
    end if;
  end loop;

  if coalesce(jsonb_typeof(p_payload -> 'template'), 'null') = 'null' then
    if coalesce(jsonb_typeof(p_payload -> 'subject'), 'null') <> 'string' then
      perform email_queue_private.refuse('subject', 'is missing, or is not a text');
    end if;
    if coalesce(jsonb_typeof(p_payload -> 'content'), 'null') <> 'string'
      and coalesce(jsonb_typeof(p_payload -> 'text'), 'null') <> 'string' then
      perform email_queue_private.refuse('content', 'is missing: give content, text or template');
    end if;
  end if;
  if coalesce(p_payload ->> 'subject', '') ~ E'[\\x01-\\x1f\\x7f]' then
    perform email_queue_private.refuse('subject', 'has a control character');
  end if;
  if char_length(p_payload ->> 'subject') > 980 then
    perform email_queue_private.refuse('subject', 'must have at most 980 characters');
  end if;

  if coalesce(jsonb_typeof(p_payload -> 'from'), 'null') = 'null' then
    perform email_queue_private.refuse('from', 'is missing, and no default sender is stored (email_queue_configure)');
  end if;
  v_sender := email_queue_private.sender_fault(p_payload -> 'from');
  if v_sender.message is not null then
    perform email_queue_private.refuse(v_sender.field, v_sender.message);
  end if;
  perform email_queue_private.check_limits(p_payload);

  return case
    when jsonb_typeof(p_payload -> 'attachments') = 'array' and p_payload -> 'attachments' <> '[]'::jsonb then 'single:'
    else 'batch:' end || email_queue_private.sender_domain(p_payload -> 'from');
end
$$;
comment on function email_queue_private.check_email(jsonb) is 'Checks an e-mail''s structure, sender and limits, and gives its lane.';

call email_queue_private.apply_grants();
