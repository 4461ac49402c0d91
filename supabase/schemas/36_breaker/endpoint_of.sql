create function email_queue_private.endpoint_of(p_lane text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return split_part(p_lane, ':', 1) || ':';
end
$$;
comment on function email_queue_private.endpoint_of(text) is 'The scope of a lane''s endpoint.';
