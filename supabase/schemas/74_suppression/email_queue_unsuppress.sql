-- A person''s own wish is not lifted by the way: an unsubscribe must be named.
create function public.email_queue_unsuppress(p_address text, p_topic text default null, p_reason text default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set jit = off
as $$
declare
  v_hash uuid := email_queue_private.address_hash(email_queue_private.check_address(p_address), email_queue_private.hash_key());
  v_removed jsonb;
begin
  perform email_queue_private.check_suppression(p_reason, p_topic, null);
  with gone as (
    update email_queue_private.suppression as s
    set removed_at = clock_timestamp(), address = null, event = null, note = null
    where s.hash = v_hash and s.removed_at is null and s.topic is not distinct from p_topic
      and case when p_reason is null then s.reason <> 'unsubscribe' else s.reason = p_reason end
    returning s.reason, s.topic
  )
  select jsonb_agg(jsonb_build_object('reason', g.reason, 'topic', g.topic) order by g.reason) into v_removed from gone as g;
  if v_removed is not null then
    perform email_queue_private.note_action('unsuppress', null, jsonb_build_object('hash', left(v_hash::text, 8), 'topic', p_topic, 'reason', p_reason));
  end if;
  return jsonb_build_object('removed', coalesce(v_removed, '[]'), 'left', coalesce((
    select jsonb_agg(jsonb_build_object('reason', s.reason, 'topic', s.topic) order by s.reason, s.topic nulls first)
    from email_queue_private.suppression as s where s.hash = v_hash and s.removed_at is null), '[]'));
end
$$;
comment on function public.email_queue_unsuppress(text, text, text) is
  'Takes an address off the suppression list: its entries for all mail, or for one topic; of one reason, or all but unsubscribe. Answers {removed: [{reason, topic}], left: [{reason, topic}]}.';
