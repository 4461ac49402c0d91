create function email_queue_private.server_number(p_server text) returns bigint
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select greatest(1, hashtextextended(p_server, 0) & 9223372036854775807)
$$;
comment on function email_queue_private.server_number(text) is 'A server as a sequence can keep it.';
