-- The provider has removed an address from its list: what came by its events goes, what was entered here stays. A removal that arrives before
-- its entry leaves a mark, so that the entry does not stand afterwards.
create function email_queue_private.leave_suppression(p_address text, p_reason text, p_at timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into email_queue_private.suppression as s (id, hash, reason, since, removed_at)
  values (email_queue_private.new_id(), email_queue_private.address_hash(p_address, email_queue_private.hash_key()), p_reason, p_at, p_at)
  on conflict (hash, reason, topic) do update
  set removed_at = greatest(s.removed_at, excluded.removed_at), address = null, event = null, note = null
  where s.removed_at is not null or s.event is not null and s.since <= excluded.since;
end
$$;
comment on function email_queue_private.leave_suppression(text, text, timestamptz) is 'Removes an entry that came by an event.';
