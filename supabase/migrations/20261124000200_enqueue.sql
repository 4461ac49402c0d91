-- Enqueue: structure, size and sender are checked here; the rest of a payload is checked by the client before and by
-- the worker after. Input errors are raised (22023), so that a caller in a transaction cannot lose mail unawares.

create function email_queue_private.refuse(p_field text, p_message text) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using errcode = '22023', message = format('email_queue: %s: %s', p_field, p_message),
    detail = format('field=%s', p_field);
end
$$;
comment on function email_queue_private.refuse(text, text) is 'Raises 22023 with the field''s name.';

-- The domain of "a@b.c", "Name <a@b.c>" or {"email": "a@b.c"}; null where there is none.
create function email_queue_private.sender_domain(p_from jsonb) returns text
language sql immutable set search_path = ''
as $$
  select lower(substring(
    case jsonb_typeof(p_from) when 'string' then p_from #>> '{}' when 'object' then p_from ->> 'email' end
    from '@([A-Za-z0-9.-]+)>?\s*$'))
$$;
comment on function email_queue_private.sender_domain(jsonb) is 'The lower-case domain of a sender; null where there is none.';

-- How many addresses a field names, or -1 where its shape is wrong.
create function email_queue_private.address_count(p_value jsonb) returns integer
language sql immutable set search_path = ''
as $$
  select case jsonb_typeof(p_value)
    when 'string' then case when strpos(p_value #>> '{}', '@') > 1 then 1 else -1 end
    when 'object' then case when jsonb_typeof(p_value -> 'email') = 'string' and strpos(p_value ->> 'email', '@') > 1 then 1 else -1 end
    when 'array' then (
      select case when bool_and(strpos(coalesce(case jsonb_typeof(e) when 'string' then e #>> '{}' when 'object' then e ->> 'email' end, ''), '@') > 1)
        then count(*)::integer else -1 end
      from jsonb_array_elements(p_value) as e
    )
    else -1
  end
$$;
comment on function email_queue_private.address_count(jsonb) is 'How many addresses a field names; -1 where its shape is wrong (an empty list too).';

-- The lane of an e-mail, or an error that names the field.
create function email_queue_private.check_email(p_payload jsonb) returns text
language plpgsql set search_path = ''
as $$
declare
  v_field text;
  v_count integer;
  v_total integer := 0;
  v_domain text;
begin
  foreach v_field in array array['to', 'cc', 'bcc'] loop
    if p_payload ? v_field and jsonb_typeof(p_payload -> v_field) <> 'null'
      and not (v_field <> 'to' and p_payload -> v_field = '[]'::jsonb) then
      v_count := email_queue_private.address_count(p_payload -> v_field);
      if v_count < 0 then
        perform email_queue_private.refuse(v_field, 'must be an e-mail address, {email, name}, or a list of either');
      end if;
      if v_count > 50 then
        perform email_queue_private.refuse(v_field, 'must have at most 50 addresses');
      end if;
      v_total := v_total + v_count;
    elsif v_field = 'to' then
      perform email_queue_private.refuse('to', 'is missing');
    end if;
  end loop;

  if coalesce(jsonb_typeof(p_payload -> 'template'), 'null') = 'null' then
    if coalesce(jsonb_typeof(p_payload -> 'subject'), 'null') <> 'string' then
      perform email_queue_private.refuse('subject', 'is missing, or is not a text');
    end if;
    if coalesce(jsonb_typeof(p_payload -> 'content'), 'null') <> 'string'
      and coalesce(jsonb_typeof(p_payload -> 'text'), 'null') <> 'string' then
      perform email_queue_private.refuse('content', 'is missing: give content, text or template');
    end if;
  end if;
  if coalesce(p_payload ->> 'subject', '') ~ '[\x01-\x1f\x7f]' then
    perform email_queue_private.refuse('subject', 'has a control character');
  end if;
  if char_length(p_payload ->> 'subject') > 980 then
    perform email_queue_private.refuse('subject', 'must have at most 980 characters');
  end if;

  v_domain := email_queue_private.sender_domain(p_payload -> 'from');
  if v_domain is null then
    perform email_queue_private.refuse('from', case when coalesce(jsonb_typeof(p_payload -> 'from'), 'null') = 'null'
      then 'is missing, and no default sender is stored (email_queue_configure)'
      else 'must be an e-mail address or {email, name}' end);
  end if;

  return case
    when jsonb_typeof(p_payload -> 'attachments') = 'array' and p_payload -> 'attachments' <> '[]'::jsonb then 'single:'
    else 'batch:' end || v_domain;
end
$$;
comment on function email_queue_private.check_email(jsonb) is 'Checks an e-mail''s structure and gives its lane.';

-- A time, or an error that names the field.
create function email_queue_private.check_time(p_field text, p_value text) returns timestamptz
language plpgsql set search_path = ''
as $$
declare
  v_time timestamptz;
begin
  -- Only where there is something to read: each block with an exception clause is a subtransaction.
  if p_value is not null then
    begin
      v_time := p_value::timestamptz;
    exception when data_exception then
      perform email_queue_private.refuse(p_field, 'must be a time');
    end;
    if not isfinite(v_time) or v_time not between '2000-01-01' and '3000-01-01' then
      perform email_queue_private.refuse(p_field, 'must be a time between the years 2000 and 3000');
    end if;
  end if;
  return v_time;
end
$$;
comment on function email_queue_private.check_time(text, text) is 'Reads a time of an enqueue call.';

-- One message of an enqueue call as typed columns, without its id. p_item is {type, payload, priority, max_attempts, run_at, delay_ms,
-- send_before, dedup_key, metadata}.
create function email_queue_private.check_message(p_item jsonb, p_setting email_queue_private.setting)
returns email_queue_private.message
language plpgsql set search_path = ''
as $$
declare
  v_message email_queue_private.message;
  v_key text;
begin
  if coalesce(jsonb_typeof(p_item), 'null') <> 'object' then
    perform email_queue_private.refuse('message', 'must be an object');
  end if;
  select k into v_key from jsonb_object_keys(p_item) as k
  where k not in ('type', 'payload', 'priority', 'max_attempts', 'run_at', 'delay_ms', 'send_before', 'dedup_key', 'metadata') limit 1;
  if v_key is not null then
    perform email_queue_private.refuse(left(v_key, 60), 'is not an option of enqueue');
  end if;

  v_message.created_at := clock_timestamp();
  v_message.type := coalesce(p_item ->> 'type', 'email');
  if v_message.type !~ '^[A-Za-z0-9_.:-]{1,100}$' then
    perform email_queue_private.refuse('type', 'must be 1 to 100 letters, digits or any of _ . : -');
  end if;
  if p_item ->> 'priority' !~ '^[0-3]$' then
    perform email_queue_private.refuse('priority', 'must be a whole number from 0 (first) to 3');
  end if;
  v_message.priority := coalesce((p_item ->> 'priority')::smallint, 2);
  if p_item ->> 'max_attempts' !~ '^([1-9][0-9]?|100)$' then
    perform email_queue_private.refuse('max_attempts', 'must be a whole number from 1 to 100');
  end if;
  v_message.max_attempts := coalesce((p_item ->> 'max_attempts')::smallint, p_setting.default_max_attempts);
  if p_item ->> 'delay_ms' !~ '^[0-9]{1,12}$' then
    perform email_queue_private.refuse('delay_ms', 'must be a whole number of milliseconds');
  end if;
  v_message.run_at := coalesce(email_queue_private.check_time('run_at', p_item ->> 'run_at'), v_message.created_at)
    + coalesce((p_item ->> 'delay_ms')::bigint, 0) * interval '1 millisecond';
  v_message.send_before := email_queue_private.check_time('send_before', p_item ->> 'send_before');
  if v_message.send_before <= v_message.run_at then
    perform email_queue_private.refuse('send_before', 'must be later than the time to send at');
  end if;
  v_message.dedup_key := p_item ->> 'dedup_key';
  if char_length(v_message.dedup_key) not between 1 and 255 then
    perform email_queue_private.refuse('dedup_key', 'must have 1 to 255 characters');
  end if;
  v_message.metadata := nullif(p_item -> 'metadata', 'null'::jsonb);
  if jsonb_typeof(v_message.metadata) <> 'object' then
    perform email_queue_private.refuse('metadata', 'must be an object');
  end if;
  if pg_column_size(v_message.metadata) > 16384 then
    perform email_queue_private.refuse('metadata', 'must be at most 16 kB');
  end if;
  return v_message;
end
$$;
comment on function email_queue_private.check_message(jsonb, email_queue_private.setting) is 'Checks the options of one message and gives its row.';

create function email_queue_private.enqueue(p_messages jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_setting email_queue_private.setting;
  v_ids uuid[];
  v_item jsonb;
  v_payload jsonb;
  v_message email_queue_private.message;
  v_lane text;
  v_messages email_queue_private.message[] := array[]::email_queue_private.message[];
  v_payloads jsonb[] := array[]::jsonb[];
  v_lanes text[] := array[]::text[];
  v_results jsonb;
  v_gone boolean;
begin
  if coalesce(jsonb_typeof(p_messages), 'null') <> 'array' then
    perform email_queue_private.refuse('messages', 'must be a list');
  end if;
  select * into v_setting from email_queue_private.setting;
  -- Sorted: where the clock counts milliseconds only (PGlite), the ids of one call have no order of their own.
  v_ids := array(select email_queue_private.new_id() as id from jsonb_array_elements(p_messages) order by id);
  for v_item in select e from jsonb_array_elements(p_messages) as e loop
    v_message := email_queue_private.check_message(v_item, v_setting);
    v_message.id := v_ids[1 + cardinality(v_messages)];
    v_payload := v_item -> 'payload';
    if coalesce(jsonb_typeof(v_payload), 'null') = 'null' or v_message.type = 'email' and jsonb_typeof(v_payload) <> 'object' then
      perform email_queue_private.refuse('payload', 'must be an object');
    end if;
    -- Deeper than any payload needs, and than what a worker's JSON parser reads.
    if jsonb_path_exists(v_payload, '$.**{33}') then
      perform email_queue_private.refuse('payload', 'is nested more than 32 deep');
    end if;
    if jsonb_path_exists(v_message.metadata, '$.**{33}') then
      perform email_queue_private.refuse('metadata', 'is nested more than 32 deep');
    end if;
    v_lane := 'single:';
    if v_message.type = 'email' then
      if coalesce(jsonb_typeof(v_payload -> 'from'), 'null') = 'null' and v_setting.default_sender is not null then
        v_payload := v_payload || jsonb_build_object('from', v_setting.default_sender);
      end if;
      v_lane := email_queue_private.check_email(v_payload);
    end if;
    v_message.bytes := octet_length(v_payload::text);
    if v_message.bytes > v_setting.max_payload_bytes then
      perform email_queue_private.refuse('payload',
        format('has %s bytes, the limit is %s: give large attachments by path', v_message.bytes, v_setting.max_payload_bytes));
    end if;
    v_messages := v_messages || v_message;
    v_payloads := v_payloads || v_payload;
    v_lanes := v_lanes || v_lane;
  end loop;

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
  )
  insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane)
  select i.id, i.run_at, i.created_at, i.send_before, i.bytes, i.priority, i.max_attempts, i.type, i.lane
  from item as i join new_message as n on n.id = i.id order by i.id;

  -- A statement of its own: it sees what another transaction committed while the insert waited for it.
  select jsonb_agg(case
      when i.dedup_key is null or m.id = i.id then jsonb_build_object('id', i.id, 'created', true)
      else jsonb_build_object('id', m.id, 'created', false, 'payload_differs', b.payload is distinct from p.payload) end order by i.ordinality),
    bool_or(i.dedup_key is not null and m.id is null)
  into v_results, v_gone
  from unnest(v_messages) with ordinality as i
  join unnest(v_payloads) with ordinality as p(payload, n) on p.n = i.ordinality
  left join email_queue_private.message as m on m.type = i.type and m.dedup_key = i.dedup_key
  left join email_queue_private.body as b on b.id = m.id and m.id <> i.id;
  if v_gone then
    raise exception using errcode = '40001', message = 'email_queue: the message with this dedup key was deleted meanwhile: enqueue again';
  end if;
  return coalesce(v_results, '[]'::jsonb);
end
$$;
comment on function email_queue_private.enqueue(jsonb) is 'Inserts messages; answers [{id, created, payload_differs?}] in their order.';

create function public.email_queue_enqueue(
  p_payload jsonb, p_type text default 'email', p_priority integer default null, p_max_attempts integer default null,
  p_run_at timestamptz default null, p_delay_ms bigint default null, p_send_before timestamptz default null,
  p_dedup_key text default null, p_metadata jsonb default null
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select email_queue_private.enqueue(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
    'type', p_type, 'priority', p_priority, 'max_attempts', p_max_attempts, 'run_at', p_run_at, 'delay_ms', p_delay_ms,
    'send_before', p_send_before, 'dedup_key', p_dedup_key)) || jsonb_build_object('payload', p_payload, 'metadata', p_metadata))) -> 0
$$;
comment on function public.email_queue_enqueue(jsonb, text, integer, integer, timestamptz, bigint, timestamptz, text, jsonb) is
  'Enqueues one message in the caller''s transaction. Answers {id, created}; created is false where the dedup key was known.';

create function public.email_queue_enqueue_many(p_messages jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if jsonb_typeof(p_messages) = 'array' and jsonb_array_length(p_messages) > 1000 then
    perform email_queue_private.refuse('messages', 'must be at most 1000 a call');
  end if;
  return email_queue_private.enqueue(p_messages);
end
$$;
comment on function public.email_queue_enqueue_many(jsonb) is
  'Enqueues a list of {payload, type, priority, max_attempts, run_at, delay_ms, send_before, dedup_key, metadata}, all or none. Answers [{id, created}] in their order.';

call email_queue_private.apply_grants();
