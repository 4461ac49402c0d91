-- What most calls enqueue, at a third of enqueue_one's cost: an e-mail without options that is plainly good. Null if it is not one, and
-- then nothing was written.
create function email_queue_private.enqueue_plain(p_payload jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_at timestamptz := clock_timestamp();
  v_id uuid;
  v_lane text;
  v_bytes integer;
  v_hash uuid;
  v_now record;
begin
  -- settings() and hash_key() in one statement, since each costs as much as all checks. By keys: a scan counts as costly here, and
  -- would be compiled. The row of the settings is missing until the first run.
  select s.default_sender, s.default_max_attempts as max_attempts, s.max_payload_bytes,
    coalesce((select k.key from email_queue_private.suppression_key as k order by k.created_at, k.id limit 1), decode('00', 'hex')) as key
  into v_now from email_queue_private.setting as s where s.singleton;
  if not found then
    return null;
  elsif v_now.default_sender is not null and jsonb_typeof(p_payload) = 'object' and not p_payload ? 'from' then
    p_payload := p_payload || jsonb_build_object('from', v_now.default_sender);
  end if;
  v_lane := email_queue_private.plain_lane(p_payload);
  v_bytes := case when pg_column_size(p_payload) > 16384 then email_queue_private.payload_bytes(p_payload, v_now.max_payload_bytes) else octet_length(p_payload::text) end;
  if v_lane is null or v_bytes > v_now.max_payload_bytes then
    return null;
  end if;
  -- Most addresses are bare, and a call of bare_address takes as long as the hash.
  v_hash := email_queue_private.address_hash(case when p_payload ->> 'to' ~ '^[!-~]*[!-=?-~]$' then lower((p_payload ->> 'to') collate "C")
    else email_queue_private.bare_address(p_payload ->> 'to') end, v_now.key);
  v_id := email_queue_private.new_id();
  insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type, addressee)
  values (v_id, v_at, v_at, {{DEFAULT_PRIORITY}}, v_now.max_attempts, v_bytes, 'email', v_hash);
  insert into email_queue_private.body (id, payload) values (v_id, p_payload);
  insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, max_attempts, type, lane, recipients)
  values (v_id, v_at, v_at, v_bytes, {{DEFAULT_PRIORITY}}, v_now.max_attempts, 'email', v_lane, array[v_hash]);
  return jsonb_build_object('id', v_id, 'created', true) || email_queue_private.note_enqueue();
end
$$;
comment on function email_queue_private.enqueue_plain(jsonb) is 'Inserts an e-mail without options that needs no closer look, and answers as enqueue_one; else null.';
