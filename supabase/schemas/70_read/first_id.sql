-- Ids are ordered by the time of enqueue, so a time is a place among them.
create function email_queue_private.first_id(p_time timestamptz) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when p_time is not null
    then (lpad(to_hex(least(greatest(0, extract(epoch from p_time) * 1000), 281474976710655)::bigint), 12, '0') || repeat('0', 20))::uuid end
$$;
comment on function email_queue_private.first_id(timestamptz) is 'The least id that a message enqueued at this time or later can have.';
