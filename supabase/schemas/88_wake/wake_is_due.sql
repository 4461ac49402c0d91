-- A time that is further off than twice the longest interval comes from a clock that was set back.
create function email_queue_private.wake_is_due(p_now bigint, p_next bigint) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_next <= p_now or p_next > p_now + 7200000
$$;
comment on function email_queue_private.wake_is_due(bigint, bigint) is 'Whether the function may be woken, both times in milliseconds.';
