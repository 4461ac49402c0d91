-- to, cc and bcc, each address once.
create function email_queue_private.recipients(p_payload jsonb, p_key bytea) returns uuid[]
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_field text;
  v_list jsonb;
  v_item jsonb;
  v_hash uuid;
  v_hashes uuid[] := array[]::uuid[];
begin
  if jsonb_typeof(p_payload -> 'to') = 'string' and not p_payload ?| array['cc', 'bcc'] then
    return array[email_queue_private.address_hash(email_queue_private.bare_address(p_payload ->> 'to'), p_key)];
  end if;
  foreach v_field in array array['to', 'cc', 'bcc'] loop
    v_list := p_payload -> v_field;
    continue when v_list is null or v_list = 'null';
    if jsonb_typeof(v_list) <> 'array' then
      v_list := jsonb_build_array(v_list);
    end if;
    for i in 0..jsonb_array_length(v_list) - 1 loop
      v_item := v_list -> i;
      v_hash := email_queue_private.address_hash(email_queue_private.bare_address(
        case when jsonb_typeof(v_item) = 'object' then v_item ->> 'email' else v_item #>> '{}' end), p_key);
      if v_hash <> all (v_hashes) then
        v_hashes := v_hashes || v_hash;
      end if;
    end loop;
  end loop;
  return v_hashes;
end
$$;
comment on function email_queue_private.recipients(jsonb, bytea) is 'The keyed hashes of an e-mail''s recipients.';
