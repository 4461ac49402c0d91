-- enqueue_plain for a list, at a fraction of enqueue's cost. Null if one of the messages has an option, or needs a closer look, and then
-- nothing was written.
create function email_queue_private.enqueue_plain_many(p_messages jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting := email_queue_private.settings();
  v_key bytea := email_queue_private.hash_key();
  v_at timestamptz := clock_timestamp();
  v_notice jsonb;
  v_ids uuid[];
  v_payloads jsonb[];
  v_lanes text[];
  v_bytes integer[];
  v_hashes uuid[];
begin
  if jsonb_typeof(p_messages) is distinct from 'array' then
    return null;
  end if;
  -- offset: an expression that is used twice would be evaluated twice.
  select array_agg(w.payload), array_agg(email_queue_private.plain_lane(w.payload)),
    array_agg(case when pg_column_size(w.payload) > 16384 then email_queue_private.payload_bytes(w.payload, v_setting.max_payload_bytes) else octet_length(w.payload::text) end)
  into v_payloads, v_lanes, v_bytes
  from (select case when v_setting.default_sender is not null and jsonb_typeof(i.payload) = 'object' and not i.payload ? 'from'
      then i.payload || jsonb_build_object('from', v_setting.default_sender) else i.payload end as payload
    from (select case when jsonb_typeof(e) = 'object' then
        case when e - array['payload', 'type'] = '{}' and coalesce(e -> 'type', '"email"') = '"email"' then e -> 'payload' end end as payload
      from jsonb_array_elements(p_messages) as e offset 0) as i offset 0) as w;
  if v_lanes is null or array_position(v_lanes, null) is not null or v_setting.max_payload_bytes < any (v_bytes) then
    return null;
  end if;
  v_hashes := array(select email_queue_private.address_hash(case when p ->> 'to' ~ '^[!-~]*[!-=?-~]$' then lower((p ->> 'to') collate "C")
    else email_queue_private.bare_address(p ->> 'to') end, v_key) from unnest(v_payloads) as p); -- See enqueue_plain.
  v_ids := array(select email_queue_private.new_id() as id from unnest(v_lanes) order by id); -- Sorted: see enqueue.
  insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type, addressee)
  select i.id, v_at, v_at, {{DEFAULT_PRIORITY}}, v_setting.default_max_attempts, i.bytes, 'email', i.hash
  from unnest(v_ids, v_bytes, v_hashes) as i(id, bytes, hash);
  insert into email_queue_private.body (id, payload) select i.id, i.payload from unnest(v_ids, v_payloads) as i(id, payload);
  insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, max_attempts, type, lane, recipients)
  select i.id, v_at, v_at, i.bytes, {{DEFAULT_PRIORITY}}, v_setting.default_max_attempts, 'email', i.lane, array[i.hash]
  from unnest(v_ids, v_bytes, v_lanes, v_hashes) as i(id, bytes, lane, hash);
  v_notice := email_queue_private.note_enqueue();
  return (select jsonb_agg(jsonb_build_object('id', i, 'created', true) || v_notice) from unnest(v_ids) as i);
end
$$;
comment on function email_queue_private.enqueue_plain_many(jsonb) is 'Inserts e-mails without options that need no closer look, and answers as enqueue; else null.';
