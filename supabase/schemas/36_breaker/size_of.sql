create function email_queue_private.size_of(p_lane text) returns integer
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce(min(b.size), {{MAX_DISPATCH}})::integer from email_queue_private.breaker as b where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane))
$$;
comment on function email_queue_private.size_of(text) is 'Messages in the next dispatch of a lane.';
