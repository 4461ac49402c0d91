-- Half of a hash: the index of the messages to an address writes a sixth less with it, and among a million addresses two have the same with a
-- probability of 1 in 37 million.
create function email_queue_private.short_hash(p_hash uuid) returns bigint
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
  return ('x' || replace(left(p_hash::text, 18), '-', ''))::bit(64)::bigint;
end
$$;
comment on function email_queue_private.short_hash(uuid) is 'The first 64 bits of an address''s keyed hash.';
