create function public.email_queue_suppressions(p_filter jsonb default '{}', p_after uuid default null, p_limit integer default 100) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set plan_cache_mode = force_custom_plan
as $$
declare
  v_filter jsonb := coalesce(nullif(p_filter, 'null'), '{}');
  v_key text;
  v_hash uuid;
begin
  if jsonb_typeof(v_filter) <> 'object' then
    perform email_queue_private.refuse('filter', 'must be an object');
  end if;
  for v_key in select jsonb_object_keys(v_filter) loop
    if v_key not in ('address', 'reason', 'topic') then
      perform email_queue_private.refuse(left('filter.' || v_key, 60), 'is not a filter: use address, reason or topic');
    end if;
  end loop;
  perform email_queue_private.check_suppression(v_filter ->> 'reason', v_filter ->> 'topic', null);
  if v_filter ->> 'address' is not null then
    v_hash := email_queue_private.address_hash(email_queue_private.check_address(v_filter ->> 'address'), email_queue_private.hash_key());
  end if;
  return coalesce((
    select jsonb_agg(email_queue_private.describe_suppression(e) order by e.id desc) from (
      select s.* from email_queue_private.suppression as s
      where s.removed_at is null and (p_after is null or s.id < p_after) and (v_hash is null or s.hash = v_hash)
        and (v_filter ->> 'reason' is null or s.reason = v_filter ->> 'reason') and (v_filter ->> 'topic' is null or s.topic = v_filter ->> 'topic')
      order by s.id desc limit least(greatest(p_limit, 1), {{MAX_PAGE}})) as e), '[]');
end
$$;
comment on function public.email_queue_suppressions(jsonb, uuid, integer) is
  'Entries of the suppression list, newest first, at most {{MAX_PAGE}}: [{id, address, reason, topic, since, event, note}]. p_filter: {address, reason, topic}; p_after (an id) continues a page.';
