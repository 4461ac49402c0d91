-- One message, as in most calls. The cost grows neither with the transaction nor with the table, even with a plan that was made when
-- both were empty: three inserts (four where there are several recipients), and a search by key if the dedup key was known.
create function email_queue_private.enqueue_one(p_item jsonb, p_payload jsonb, p_template jsonb default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_checked email_queue_private.checked;
  v_message email_queue_private.message;
  v_notice jsonb;
  v_created boolean;
  v_recipients uuid[];
begin
  v_checked := email_queue_private.check_item(p_item, p_payload, email_queue_private.settings());
  v_message := v_checked.message;
  if v_message.type = 'email' then
    v_recipients := email_queue_private.recipients(v_checked.payload, email_queue_private.hash_key());
  end if;
  v_message.id := email_queue_private.new_id();
  v_message.template := coalesce(p_template, v_message.template);
  -- Column by column: an upgrade may add one while this call waits for its lock, and v_message has not got it.
  insert into email_queue_private.message (id, created_at, run_at, send_before, priority, max_attempts, bytes, type, dedup_key, metadata,
    topic, ignore_suppression, secret, recipients, addressee, template)
  values (v_message.id, v_message.created_at, v_message.run_at, v_message.send_before, v_message.priority, v_message.max_attempts,
    v_message.bytes, v_message.type, v_message.dedup_key, v_message.metadata, v_message.topic, v_message.ignore_suppression,
    v_message.secret, v_message.recipients, v_recipients[1], v_message.template)
  on conflict (type, dedup_key) where dedup_key is not null do nothing;
  v_created := found;
  v_notice := email_queue_private.note_enqueue();
  if v_message.type <> 'email' then
    v_notice := '{}';
  end if;
  if not v_created then
    return email_queue_private.known_message(v_message.type, v_message.dedup_key, v_checked.payload) || v_notice;
  end if;
  insert into email_queue_private.body (id, payload) values (v_message.id, v_checked.payload);
  insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane, recipients, topic,
    ignore_suppression)
  values (v_message.id, v_message.run_at, v_message.created_at, v_message.send_before, v_message.bytes, v_message.priority,
    v_message.max_attempts, v_message.type, v_checked.lane, v_recipients, v_message.topic, v_message.ignore_suppression);
  if cardinality(v_recipients) > 1 then
    insert into email_queue_private.further_addressee (id, hash) select v_message.id, h from unnest(v_recipients[2:]) as h;
  end if;
  return jsonb_build_object('id', v_message.id, 'created', true) || v_notice;
end
$$;
comment on function email_queue_private.enqueue_one(jsonb, jsonb, jsonb) is 'Inserts one message; answers {id, created, payload_differs?, notice?}.';
