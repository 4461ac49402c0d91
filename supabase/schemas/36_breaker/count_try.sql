create function email_queue_private.count_try(p_lane text) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.breaker as b set tries = b.tries + 1 where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane))
$$;
comment on function email_queue_private.count_try(text) is 'Counts a fresh dispatch of a lane if the lane or its endpoint is in trouble.';
