-- Never written here: rows of ready and of suppression already have hashes of the key in force.
create function email_queue_private.hash_key() returns bytea
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((select k.key from email_queue_private.suppression_key as k order by k.created_at, k.id limit 1), decode('00', 'hex'));
end
$$;
comment on function email_queue_private.hash_key() is 'The key of the hashes of addresses; a constant if none is stored.';
