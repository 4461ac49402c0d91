-- An address of a call, as it is compared; or an error.
create function email_queue_private.check_address(p_address text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_address text := email_queue_private.bare_address(p_address);
  v_fault text := case when p_address is null then 'is missing' else email_queue_private.bare_address_fault(coalesce(v_address, '')) end;
begin
  if v_fault is not null then
    perform email_queue_private.refuse('address', v_fault);
  end if;
  return v_address;
end
$$;
comment on function email_queue_private.check_address(text) is 'Checks an address of the suppression list.';
