create function email_queue_private.within_bytes(p_ids uuid[], p_bytes bigint, out ids uuid[], out bytes bigint)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(m.id order by m.id desc), '{}'), coalesce(sum(m.bytes), 0)::bigint
  from (select l.id, l.bytes, sum(l.bytes) over (order by l.id desc) - l.bytes as before from email_queue_private.message as l where l.id = any (p_ids)) as m
  where m.before < p_bytes
$$;
comment on function email_queue_private.within_bytes(uuid[], bigint) is 'The newest of some messages until their payloads have so many bytes, and one more.';
