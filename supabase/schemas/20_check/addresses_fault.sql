-- What is wrong with a field of recipients, or null. The client checks the addresses before, and the worker after.
create function email_queue_private.addresses_fault(p_value jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_list jsonb := case jsonb_typeof(p_value) when 'array' then p_value else jsonb_build_array(p_value) end;
  v_shaped boolean;
  v_short boolean;
begin
  if jsonb_array_length(v_list) > {{MAX_RECIPIENTS}} then
    return 'must have at most {{MAX_RECIPIENTS}} addresses';
  end if;
  select bool_and(strpos(a.address, '@') > 1), bool_and(char_length(a.address) <= {{MAX_ADDRESS_TEXT}} and char_length(a.name) <= {{MAX_NAME}}) into v_shaped, v_short
  from jsonb_array_elements(v_list) as e cross join lateral (select
    coalesce(case jsonb_typeof(e) when 'string' then e #>> '{}' when 'object' then e ->> 'email' end, '') as address,
    case jsonb_typeof(e) when 'object' then coalesce(e ->> 'name', '') else '' end as name) as a;
  return case
    when v_shaped is distinct from true then 'must be an e-mail address, {email, name}, or a list of either'
    when not v_short then 'has a name of more than {{MAX_NAME}} characters'
  end;
end
$$;
comment on function email_queue_private.addresses_fault(jsonb) is 'What is wrong with a field of recipients; null if nothing is.';
