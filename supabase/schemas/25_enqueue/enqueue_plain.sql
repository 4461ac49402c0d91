-- What most calls enqueue, at a third of enqueue_one's cost: an e-mail without options that is plainly good. Null if it is not one, and
-- then nothing was written.
create function email_queue_private.enqueue_plain(p_payload jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_payload jsonb := p_payload;
  v_at timestamptz := clock_timestamp();
  v_id uuid;
  v_lane text;
  v_bytes integer;
  v_hash uuid;
  v_now record;
begin
  -- settings() and hash_key() in one statement, since each costs as much as all checks. By keys: a scan counts as costly here, and
  -- would be compiled.
  select s.default_sender, coalesce(s.default_max_attempts, {{DEFAULT_MAX_ATTEMPTS}}) as max_attempts,
    coalesce(s.max_payload_bytes, {{DEFAULT_PAYLOAD_BYTES}}) as max_payload_bytes,
    coalesce((select k.key from email_queue_private.suppression_key as k order by k.created_at, k.id limit 1), decode('00', 'hex')) as key
  into v_now from (values (true)) as one left join email_queue_private.setting as s on s.singleton;
  if v_now.default_sender is not null and jsonb_typeof(p_payload) = 'object' and not p_payload ? 'from' then
    v_payload := p_payload || jsonb_build_object('from', v_now.default_sender);
  end if;
  v_lane := email_queue_private.plain_lane(v_payload);
  v_bytes := octet_length(v_payload::text);
  if v_lane is null or v_bytes > v_now.max_payload_bytes then
    return null;
  end if;
  v_hash := email_queue_private.address_hash(email_queue_private.bare_address(v_payload ->> 'to'), v_now.key);
  v_id := email_queue_private.new_id();
  insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type, addressee)
  values (v_id, v_at, v_at, {{DEFAULT_PRIORITY}}, v_now.max_attempts, v_bytes, 'email', v_hash);
  insert into email_queue_private.body (id, payload) values (v_id, v_payload);
  insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, max_attempts, type, lane, recipients)
  values (v_id, v_at, v_at, v_bytes, {{DEFAULT_PRIORITY}}, v_now.max_attempts, 'email', v_lane, array[v_hash]);
  perform nextval('email_queue_private.enqueued_here'); -- See identity.
  return jsonb_build_object('id', v_id, 'created', true) || email_queue_private.enqueue_notice();
end
$$;
comment on function email_queue_private.enqueue_plain(jsonb) is 'Inserts an e-mail without options that needs no closer look, and answers as enqueue_one; else null.';
