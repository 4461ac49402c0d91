set standard_conforming_strings = on;

-- Enqueue: checked messages become rows, all of a call or none.

-- One message of a call: checked, with its payload as it is stored and its lane.
create type email_queue_private.checked as (message email_queue_private.message, payload jsonb, lane text);
comment on type email_queue_private.checked is 'A message of an enqueue call that was found good.';

create function email_queue_private.check_item(p_item jsonb, p_payload jsonb, p_setting email_queue_private.setting) returns email_queue_private.checked
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_message email_queue_private.message := email_queue_private.check_message(p_item, p_payload, p_setting);
  v_payload jsonb := p_payload;
  v_lane text := 'single:';
begin
  if coalesce(jsonb_typeof(v_payload), 'null') = 'null' or v_message.type = 'email' and jsonb_typeof(v_payload) <> 'object' then
    perform email_queue_private.refuse('payload', 'must be an object');
  end if;
  if coalesce(jsonb_typeof(p_item -> 'tags'), 'null') <> 'null' then
    v_payload := v_payload || jsonb_build_object('tags', p_item -> 'tags');
  end if;
  perform email_queue_private.check_json('payload', v_payload);
  if v_message.type = 'email' then
    if coalesce(jsonb_typeof(v_payload -> 'from'), 'null') = 'null' and p_setting.default_sender is not null then
      v_payload := v_payload || jsonb_build_object('from', p_setting.default_sender);
    end if;
    v_lane := email_queue_private.check_email(v_payload);
  end if;
  v_message.bytes := octet_length(v_payload::text);
  if v_message.bytes > p_setting.max_payload_bytes then
    perform email_queue_private.refuse('payload',
      format('has %s bytes, the limit is %s: give large attachments by path', v_message.bytes, p_setting.max_payload_bytes));
  end if;
  return row(v_message, v_payload, v_lane);
end
$$;
comment on function email_queue_private.check_item(jsonb, jsonb, email_queue_private.setting) is 'Checks one message of an enqueue call.';

-- What became of a message whose dedup key was known: {id, created: false, payload_differs}.
create function email_queue_private.known_message(p_type text, p_dedup_key text, p_payload jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_known jsonb;
begin
  select jsonb_build_object('id', m.id, 'created', false, 'payload_differs', b.payload is distinct from p_payload) into v_known
  from email_queue_private.message as m left join email_queue_private.body as b on b.id = m.id
  where m.type collate "C" = p_type and m.dedup_key collate "C" = p_dedup_key;
  if not found then
    raise exception using errcode = '40001', message = 'email_queue: the message with this dedup key was deleted meanwhile: enqueue again';
  end if;
  return v_known;
end
$$;
comment on function email_queue_private.known_message(text, text, jsonb) is 'The message that has a dedup key, as enqueue answers it.';

-- One message: most calls are this. Nothing here grows with the transaction or the table, also with a plan that was made
-- when both were empty: three inserts, and a look by key where the dedup key was known.
create function email_queue_private.enqueue_one(p_item jsonb, p_payload jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_checked email_queue_private.checked;
  v_message email_queue_private.message;
begin
  v_checked := email_queue_private.check_item(p_item, p_payload, email_queue_private.settings());
  v_message := v_checked.message;
  v_message.id := email_queue_private.new_id();
  insert into email_queue_private.message (id, created_at, run_at, send_before, priority, max_attempts, bytes, type, dedup_key, metadata)
  values (v_message.id, v_message.created_at, v_message.run_at, v_message.send_before, v_message.priority, v_message.max_attempts,
    v_message.bytes, v_message.type, v_message.dedup_key, v_message.metadata)
  on conflict (type, dedup_key) where dedup_key is not null do nothing;
  if not found then
    return email_queue_private.known_message(v_message.type, v_message.dedup_key, v_checked.payload);
  end if;
  insert into email_queue_private.body (id, payload) values (v_message.id, v_checked.payload);
  insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane)
  values (v_message.id, v_message.run_at, v_message.created_at, v_message.send_before, v_message.bytes, v_message.priority,
    v_message.max_attempts, v_message.type, v_checked.lane);
  perform nextval('email_queue_private.enqueued_here'); -- See identity.
  return jsonb_build_object('id', v_message.id, 'created', true);
end
$$;
comment on function email_queue_private.enqueue_one(jsonb, jsonb) is 'Inserts one message; answers {id, created, payload_differs?}.';

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
  v_created uuid[];
  v_field text;
  v_error text;
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
    select m.id, m.created_at, m.run_at, m.send_before, m.priority, m.max_attempts, m.bytes, m.type, m.dedup_key, m.metadata, i.payload, i.lane
    from unnest(v_messages) with ordinality as m join unnest(v_payloads, v_lanes) with ordinality as i(payload, lane, n) on i.n = m.ordinality
  ), new_message as (
    insert into email_queue_private.message (id, created_at, run_at, send_before, priority, max_attempts, bytes, type, dedup_key, metadata)
    select i.id, i.created_at, i.run_at, i.send_before, i.priority, i.max_attempts, i.bytes, i.type, i.dedup_key, i.metadata
    from item as i order by i.type, i.dedup_key, i.id
    on conflict (type, dedup_key) where dedup_key is not null do nothing
    returning id
  ), new_body as (
    insert into email_queue_private.body (id, payload)
    select i.id, i.payload from item as i join new_message as n on n.id = i.id order by i.id
  ), new_ready as (
    insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane)
    select i.id, i.run_at, i.created_at, i.send_before, i.bytes, i.priority, i.max_attempts, i.type, i.lane
    from item as i join new_message as n on n.id = i.id order by i.id
  )
  select array_agg(n.id) into v_created from new_message as n;
  perform nextval('email_queue_private.enqueued_here'); -- See identity.

  -- A statement of its own: it sees what another transaction committed while the insert waited for it.
  return coalesce((
    select jsonb_agg(case when c.id is not null then jsonb_build_object('id', i.id, 'created', true)
      else email_queue_private.known_message(i.type, i.dedup_key, p.payload) end order by i.ordinality)
    from unnest(v_messages) with ordinality as i
    join unnest(v_payloads) with ordinality as p(payload, n) on p.n = i.ordinality
    left join unnest(v_created) as c(id) on c.id = i.id), '[]'::jsonb);
end
$$;
comment on function email_queue_private.enqueue(jsonb) is
  'Inserts messages; answers [{id, created, payload_differs?}] in their order. An error says which: field=messages[0].to.';

-- enable_seqscan: a session of a pool may have planned its look by key when the table was empty, and keeps that plan
-- through a transaction that fills it.
create function public.email_queue_enqueue(
  p_payload jsonb, p_type text default 'email', p_priority integer default null, p_max_attempts integer default null,
  p_run_at timestamptz default null, p_delay_ms bigint default null, p_send_before timestamptz default null,
  p_dedup_key text default null, p_metadata jsonb default null, p_tags jsonb default null
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  return email_queue_private.enqueue_one(jsonb_strip_nulls(jsonb_build_object(
    'type', p_type, 'priority', p_priority, 'max_attempts', p_max_attempts, 'run_at', p_run_at, 'delay_ms', p_delay_ms,
    'send_before', p_send_before, 'dedup_key', p_dedup_key)) || jsonb_build_object('metadata', p_metadata, 'tags', p_tags), p_payload);
end
$$;
comment on function public.email_queue_enqueue(jsonb, text, integer, integer, timestamptz, bigint, timestamptz, text, jsonb, jsonb) is
  'Enqueues one message in the caller''s transaction. p_tags is the same as the payload''s tags. Answers {id, created}; created is false where the dedup key was known.';

create function public.email_queue_enqueue_many(p_messages jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  if jsonb_typeof(p_messages) = 'array' and jsonb_array_length(p_messages) > 1000 then
    perform email_queue_private.refuse('messages', 'must be at most 1000 a call');
  end if;
  return email_queue_private.enqueue(p_messages);
end
$$;
comment on function public.email_queue_enqueue_many(jsonb) is
  'Enqueues a list of {payload, tags, type, priority, max_attempts, run_at, delay_ms, send_before, dedup_key, metadata}, all or none. Answers [{id, created}] in their order. An error names the message: field=messages[0].to.';

call email_queue_private.apply_grants();
