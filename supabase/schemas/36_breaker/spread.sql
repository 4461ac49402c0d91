-- One of 0 to p_count - 1, spread evenly over the tries: not at random, so that the queue in memory chooses the same.
create function email_queue_private.spread(p_number bigint, p_ratio double precision, p_count bigint) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select floor((p_number * p_ratio - floor(p_number * p_ratio)) * p_count)::integer
$$;
comment on function email_queue_private.spread(bigint, double precision, bigint) is 'Chooses one of several for a try.';
