create function email_queue_private.is_hard(p_bounce jsonb) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_bounce ->> 'type' = 'Permanent' and p_bounce ->> 'subtype' in ('General', 'NoEmail'), false);
end
$$;
comment on function email_queue_private.is_hard(jsonb) is 'Whether a bounce says that mail to the address will never arrive.';
