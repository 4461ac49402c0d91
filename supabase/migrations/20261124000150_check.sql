set standard_conforming_strings = on;

-- What enqueue checks of a message: its options; the next file has the e-mail. Input errors are raised (22023), so that a
-- caller in a transaction cannot lose mail unawares.

create function email_queue_private.refuse(p_field text, p_message text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = '22023', message = format('email_queue: %s: %s', p_field, p_message),
    detail = format('field=%s', p_field);
end
$$;
comment on function email_queue_private.refuse(text, text) is 'Raises 22023 with the field''s name.';

-- A time, or an error that names the field.
create function email_queue_private.check_time(p_field text, p_value text) returns timestamptz
language plpgsql set search_path = pg_catalog, pg_temp
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

-- A double ends at 1.8e308 and jsonb at 10^131072: whoever reads such a number has none, or cannot read the rest either.
create function email_queue_private.too_large(p_value jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  with recursive inner_value(path, value) as (
    select '', p_value
    union all
    select v.path || i.name, i.value from inner_value as v cross join lateral (
      select '.' || case when m.key ~ '^[A-Za-z0-9_-]{1,64}$' then m.key else '?' end, m.value
      from jsonb_each(case jsonb_typeof(v.value) when 'object' then v.value end) as m
      union all
      select format('[%s]', e.n - 1), e.value
      from jsonb_array_elements(case jsonb_typeof(v.value) when 'array' then v.value end) with ordinality as e(value, n)
    ) as i(name, value)
  )
  select v.path from inner_value as v where case jsonb_typeof(v.value) when 'number' then abs((v.value #>> '{}')::numeric) >= 1e308 end limit 1
$$;
comment on function email_queue_private.too_large(jsonb) is 'The path to a number that others cannot read.';

-- What src/protocol/jsonb.rs says of a payload and of metadata.
create function email_queue_private.check_json(p_field text, p_value jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  -- Deeper than any payload needs, and than what a worker's JSON parser reads.
  if jsonb_path_exists(p_value, '$.**{33}') then
    perform email_queue_private.refuse(p_field, 'is nested more than 32 deep');
  end if;
  if jsonb_path_exists(p_value, '$.** ? (@.type() == "number" && (@ >= 1e308 || @ <= -1e308))') then
    perform email_queue_private.refuse(p_field || email_queue_private.too_large(p_value), 'must be a number below 1e308');
  end if;
end
$$;
comment on function email_queue_private.check_json(text, jsonb) is 'Refuses what others cannot read.';

-- Metadata of a message, or what messages are searched for; null passes.
create function email_queue_private.check_metadata(p_field text, p_metadata jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_metadata) <> 'object' then
    perform email_queue_private.refuse(p_field, 'must be an object');
  end if;
  perform email_queue_private.check_json(p_field, p_metadata);
  -- As text: the client measures it too, and before the first of several calls.
  if octet_length(p_metadata::text) > 16384 then
    perform email_queue_private.refuse(p_field, 'must be at most 16 kB');
  end if;
end
$$;
comment on function email_queue_private.check_metadata(text, jsonb) is 'Checks metadata, or a search for it.';

-- Tags, [{name, value}] or {name: value}. What src/email/headers.rs says of them, so that what this takes can be sent.
create function email_queue_private.check_tags(p_tags jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_list boolean := jsonb_typeof(p_tags) = 'array';
  v_at text;
  v_tag jsonb;
  v_key text;
  v_names text[] := array[]::text[];
begin
  if jsonb_typeof(p_tags) not in ('array', 'object') then
    perform email_queue_private.refuse('tags', 'must be a list of {name, value} or an object');
  end if;
  -- A name is shown only if it can be none of what a log must not have.
  for v_at, v_tag in
    select format('tags[%s]', t.n - 1), t.e
    from jsonb_array_elements(case when v_list then p_tags else '[]' end) with ordinality as t(e, n)
    union all
    select 'tags.' || case when t.k ~ '^[A-Za-z0-9_-]{1,64}$' then t.k else '?' end, jsonb_build_object('name', t.k, 'value', t.v)
    from jsonb_each(case when v_list then '{}' else p_tags end) as t(k, v)
  loop
    if jsonb_typeof(v_tag) <> 'object' then
      perform email_queue_private.refuse(v_at, 'must be an object');
    end if;
    select k into v_key from jsonb_object_keys(v_tag) as k where k not in ('name', 'value') limit 1;
    if v_key is not null then
      perform email_queue_private.refuse(v_at || '.' || case when v_key ~ '^[A-Za-z0-9_-]{1,64}$' then v_key else '?' end, 'unknown field');
    end if;
    foreach v_key in array array['name', 'value'] loop
      if coalesce(jsonb_typeof(v_tag -> v_key), 'null') <> 'string' or v_tag ->> v_key !~ '^[A-Za-z0-9_-]+$' or char_length(v_tag ->> v_key) > 256 then
        perform email_queue_private.refuse(v_at || case when v_list then '.' || v_key else '' end, 'must be 1 to 256 of A-Z a-z 0-9 _ -');
      end if;
    end loop;
    if v_tag ->> 'name' = 'message_id' then
      perform email_queue_private.refuse(v_at || case when v_list then '.name' else '' end, 'message_id is reserved: the queue adds it');
    end if;
    if v_tag ->> 'name' = any (v_names) then
      perform email_queue_private.refuse(v_at || case when v_list then '.name' else '' end, 'this tag is given twice');
    end if;
    v_names := v_names || (v_tag ->> 'name');
    if cardinality(v_names) > 49 then
      perform email_queue_private.refuse('tags', 'more than 49 tags');
    end if;
  end loop;
end
$$;
comment on function email_queue_private.check_tags(jsonb) is 'Checks the option tags.';

-- One message of an enqueue call as typed columns, without its id. p_item is {type, payload, tags, priority, max_attempts, run_at,
-- delay_ms, send_before, dedup_key, metadata}.
create function email_queue_private.check_message(p_item jsonb, p_payload jsonb, p_setting email_queue_private.setting)
returns email_queue_private.message
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_message email_queue_private.message;
  v_key text;
begin
  if coalesce(jsonb_typeof(p_item), 'null') <> 'object' then
    perform email_queue_private.refuse('message', 'must be an object');
  end if;
  select k into v_key from jsonb_object_keys(p_item) as k
  where k not in ('type', 'payload', 'tags', 'priority', 'max_attempts', 'run_at', 'delay_ms', 'send_before', 'dedup_key', 'metadata') limit 1;
  if v_key is not null then
    perform email_queue_private.refuse(left(v_key, 60), 'is not an option of enqueue');
  end if;

  v_message.created_at := clock_timestamp();
  v_message.type := coalesce(p_item ->> 'type', 'email');
  -- A message of the type "Email" would wait for ever.
  if v_message.type !~ '^[A-Za-z0-9_.:-]{1,100}$' or v_message.type <> 'email' and lower(v_message.type collate "C") = 'email' then
    perform email_queue_private.refuse('type', 'must be 1 to 100 letters, digits or any of _ . : -, and email in lower case');
  end if;
  if coalesce(jsonb_typeof(p_item -> 'tags'), 'null') <> 'null' then
    if v_message.type <> 'email' then
      perform email_queue_private.refuse('tags', 'belongs to e-mail; use metadata');
    end if;
    if coalesce(jsonb_typeof(p_payload -> 'tags'), 'null') <> 'null' then
      perform email_queue_private.refuse('tags', 'is given in the payload too; give it once');
    end if;
    perform email_queue_private.check_tags(p_item -> 'tags');
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
  perform email_queue_private.check_metadata('metadata', v_message.metadata);
  return v_message;
end
$$;
comment on function email_queue_private.check_message(jsonb, jsonb, email_queue_private.setting) is 'Checks the options of one message and gives its row.';

call email_queue_private.apply_grants();
