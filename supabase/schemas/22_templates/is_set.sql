-- As in Go: nothing, false, 0 and what is empty count as no.
create function email_queue_private.is_set(p_value jsonb) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_value not in ('null', 'false', '0', '""', '[]', '{}'), false);
end
$$;
comment on function email_queue_private.is_set(jsonb) is 'Whether a condition holds for a value.';
