-- Enqueue: checked messages become rows, all of a call or none.

create function email_queue_private.enqueue(p_messages jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting := email_queue_private.settings();
  v_ids uuid[];
  v_item jsonb;
  v_checked email_queue_private.checked;
  v_message email_queue_private.message;
  v_messages email_queue_private.message[] := array[]::email_queue_private.message[];
  v_payloads jsonb[] := array[]::jsonb[];
  v_lanes text[] := array[]::text[];
  v_hashes uuid[];
  v_recipients text[] := array[]::text[]; -- A list of lists needs lists of one length.
  v_created uuid[];
  v_key bytea := email_queue_private.hash_key();
  v_field text;
  v_error text;
  v_notice jsonb;
begin
  if coalesce(jsonb_typeof(p_messages), 'null') <> 'array' then
    perform email_queue_private.refuse('messages', 'must be a list');
  end if;
  -- Sorted: where the clock counts milliseconds only (PGlite), the ids of one call have no order of their own.
  v_ids := array(select email_queue_private.new_id() as id from jsonb_array_elements(p_messages) order by id);
  -- One block for all of them, since each is a subtransaction.
  begin
    for v_item in select e from jsonb_array_elements(p_messages) as e loop
      v_checked := email_queue_private.check_item(v_item, v_item -> 'payload', v_setting);
      v_message := v_checked.message;
      v_message.id := v_ids[1 + cardinality(v_messages)];
      v_hashes := case when v_message.type = 'email' then email_queue_private.recipients(v_checked.payload, v_key) end;
      v_message.addressee := v_hashes[1];
      v_recipients := array_append(v_recipients, v_hashes::text);
      v_messages := v_messages || v_message;
      v_payloads := v_payloads || v_checked.payload;
      v_lanes := v_lanes || v_checked.lane;
    end loop;
  exception when invalid_parameter_value then
    get stacked diagnostics v_field = pg_exception_detail, v_error = message_text;
    if v_field not like 'field=%' then
      raise;
    end if;
    v_field := substr(v_field, 7);
    perform email_queue_private.refuse(
      format('messages[%s]', cardinality(v_messages)) || case v_field when 'message' then '' else '.' || v_field end,
      substr(v_error, char_length('email_queue: : ') + char_length(v_field) + 1));
  end;

  -- In the order of the dedup keys: two calls with the same keys in another order would wait for each other for ever.
  with item as materialized (
    select m.id, m.created_at, m.run_at, m.send_before, m.priority, m.max_attempts, m.bytes, m.type, m.topic, m.ignore_suppression, i.payload, i.lane, i.recipients::uuid[] as recipients
    from unnest(v_messages) with ordinality as m join unnest(v_payloads, v_lanes, v_recipients) with ordinality as i(payload, lane, recipients, n) on i.n = m.ordinality
  ), new_message as (
    insert into email_queue_private.message
    select m.* from unnest(v_messages) as m order by m.type, m.dedup_key, m.id
    on conflict (type, dedup_key) where dedup_key is not null do nothing
    returning id
  ), new_body as (
    insert into email_queue_private.body (id, payload)
    select i.id, i.payload from item as i join new_message as n on n.id = i.id order by i.id
  ), new_ready as (
    insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane, recipients,
      topic, ignore_suppression)
    select i.id, i.run_at, i.created_at, i.send_before, i.bytes, i.priority, i.max_attempts, i.type, i.lane, i.recipients, i.topic, i.ignore_suppression
    from item as i join new_message as n on n.id = i.id order by i.id
  ), new_further as (
    insert into email_queue_private.further_addressee (id, hash)
    select i.id, h from item as i join new_message as n on n.id = i.id cross join unnest(i.recipients[2:]) as h order by i.id
  )
  select array_agg(n.id) into v_created from new_message as n;
  v_notice := email_queue_private.note_enqueue();

  -- A statement of its own: it sees what another transaction committed while the insert waited for it.
  return coalesce((
    select jsonb_agg(case when c.id is not null then jsonb_build_object('id', i.id, 'created', true)
      else email_queue_private.known_message(i.type, i.dedup_key, p.payload) end
      || case i.type when 'email' then v_notice else '{}' end order by i.ordinality)
    from unnest(v_messages) with ordinality as i
    join unnest(v_payloads) with ordinality as p(payload, n) on p.n = i.ordinality
    left join unnest(v_created) as c(id) on c.id = i.id), '[]'::jsonb);
end
$$;
comment on function email_queue_private.enqueue(jsonb) is
  'Inserts messages; answers [{id, created, payload_differs?, notice?}] in their order. An error says which: field=messages[0].to.';
