-- The suppression list: addresses that get no mail. A message all of whose recipients are on it fails as suppressed before it is sent.
-- p_hash_only: for a person who wants to be forgotten. No entry of the address keeps it.
create function public.email_queue_suppress(
  p_address text, p_reason text default 'manual', p_topic text default null, p_note text default null, p_hash_only boolean default false
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set jit = off
as $$
declare
  v_address text := email_queue_private.check_address(p_address);
  v_hash uuid := email_queue_private.address_hash(v_address, email_queue_private.hash_key());
  v_before jsonb;
  v_entry email_queue_private.suppression;
begin
  perform email_queue_private.check_suppression(p_reason, p_topic, p_note);
  v_before := email_queue_private.suppressions_of(array[v_hash]);
  v_entry := email_queue_private.enter_suppression(v_address, coalesce(p_reason, 'manual'), p_topic, p_note, coalesce(p_hash_only, false), null, null, null);
  if email_queue_private.suppressions_of(array[v_hash]) <> v_before then
    perform email_queue_private.note_action('suppress', null, jsonb_build_object('hash', left(v_hash::text, 8), 'reason', v_entry.reason, 'topic', p_topic));
  end if;
  return email_queue_private.describe_suppression(v_entry);
end
$$;
comment on function public.email_queue_suppress(text, text, text, text, boolean) is
  'Puts an address on the suppression list: for all mail, or for one topic. p_reason: bounce, complaint, manual, or unsubscribe, which counts for mail with a topic only. p_hash_only erases the address from its entries. Answers the entry.';
