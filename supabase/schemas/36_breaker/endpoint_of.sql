create function email_queue_private.endpoint_of(p_lane text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select split_part(p_lane, ':', 1) || ':'
$$;
comment on function email_queue_private.endpoint_of(text) is 'The scope of a lane''s endpoint.';
