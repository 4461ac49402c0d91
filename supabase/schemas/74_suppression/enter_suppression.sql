-- One entry. p_at: when the event happened that it comes with; null if an operator says so. p_ended: when the event''s message had ended, by
-- our clock. An operator''s removal lasts: what happened before it, or concerns mail sent before it, does not bring the entry back.
create function email_queue_private.enter_suppression(
  p_address text, p_reason text, p_topic text, p_note text, p_hash_only boolean, p_event text, p_at timestamptz, p_ended timestamptz
) returns email_queue_private.suppression
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_entry email_queue_private.suppression;
  v_hash uuid := email_queue_private.address_hash(p_address, email_queue_private.hash_key());
  v_folds boolean := email_queue_private.may_fold();
  -- Who asked to be forgotten stays so, whatever is reported of them later.
  v_hides boolean := p_hash_only or p_at is not null and exists (select from email_queue_private.suppression as s where s.hash = v_hash and s.removed_at is null and s.address is null);
  v_address text := case when not v_hides then p_address end;
begin
  insert into email_queue_private.suppression as s (id, hash, reason, topic, address, since, event, note, folded)
  values (email_queue_private.new_id(), v_hash, p_reason, p_topic, v_address, least(p_at, v_now), p_event, p_note, v_folds)
  on conflict (hash, reason, topic) do update
  set removed_at = null, id = case when s.removed_at is null then s.id else excluded.id end,
    since = case when s.removed_at is null then s.since else excluded.since end,
    -- What an operator has entered, first or later, is no longer the provider's to remove.
    event = case when s.removed_at is not null then excluded.event when p_at is not null then s.event end, note = coalesce(excluded.note, s.note),
    -- An entry whose address was erased stays so.
    address = case when s.removed_at is null and p_at is not null then s.address else excluded.address end
  where s.removed_at is null or p_at is null or p_at > s.removed_at and coalesce(p_ended, v_now) > s.removed_at
  returning s.* into v_entry;
  if p_hash_only then
    update email_queue_private.suppression set address = null, note = null where hash = v_hash and (address is not null or note is not null);
    v_entry.note := null;
  end if;
  if v_entry.id is not null and v_folds then
    perform email_queue_private.fold_suppression(array[v_hash]);
  end if;
  return v_entry;
end
$$;
comment on function email_queue_private.enter_suppression(text, text, text, text, boolean, text, timestamptz, timestamptz) is 'Enters an address, unless it was removed after the event.';
