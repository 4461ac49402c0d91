-- Enqueue checks the options of a message here, and the e-mail in check_email. Wrong input raises an error (22023), so that a caller
-- in a transaction cannot lose mail without noticing.

-- One message of an enqueue call as typed columns, without its id.
create function email_queue_private.check_message(p_item jsonb, p_payload jsonb, p_setting email_queue_private.setting)
returns email_queue_private.message
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_message email_queue_private.message;
  v_key text;
  v_unknown jsonb;
begin
  if coalesce(jsonb_typeof(p_item), 'null') <> 'object' then
    perform email_queue_private.refuse('message', 'must be an object');
  end if;
  v_unknown := p_item - array['type', 'payload', 'tags', 'priority', 'max_attempts', 'run_at', 'delay_ms', 'send_before', 'dedup_key', 'metadata', 'topic', 'ignore_suppression', 'secret', 'template', 'language', 'variables'];
  if v_unknown <> '{}' then
    perform email_queue_private.refuse(left((select k from jsonb_object_keys(v_unknown) as k limit 1), 60), 'is not an option of enqueue');
  end if;
  foreach v_key in array array['type', 'run_at', 'send_before', 'dedup_key', 'topic', 'template', 'language'] loop
    if jsonb_typeof(p_item -> v_key) not in ('string', 'null') then
      perform email_queue_private.refuse(v_key, 'must be a text');
    end if;
  end loop;

  v_message.created_at := clock_timestamp();
  v_message.type := coalesce(p_item ->> 'type', 'email');
  -- A message of the type "Email" would wait for ever.
  if v_message.type !~ '^[A-Za-z0-9_.:-]{1,{{MAX_TYPE}}}$' or v_message.type <> 'email' and lower(v_message.type collate "C") = 'email' then
    perform email_queue_private.refuse('type', 'must be 1 to {{MAX_TYPE}} letters, digits or any of _ . : -, and email in lower case');
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
  if p_item ->> 'priority' !~ '^[0-{{LAST_PRIORITY}}]$' then
    perform email_queue_private.refuse('priority', 'must be a whole number from 0 (first) to {{LAST_PRIORITY}}');
  end if;
  v_message.priority := coalesce((p_item ->> 'priority')::smallint, {{DEFAULT_PRIORITY}});
  if not (case when p_item ->> 'max_attempts' ~ '^[1-9][0-9]{0,8}$' then (p_item ->> 'max_attempts')::integer <= {{MAX_ATTEMPTS}}
    else p_item ->> 'max_attempts' is null end)
  then
    perform email_queue_private.refuse('max_attempts', 'must be a whole number from 1 to {{MAX_ATTEMPTS}}');
  end if;
  v_message.max_attempts := coalesce((p_item ->> 'max_attempts')::smallint, p_setting.default_max_attempts);
  if p_item ->> 'delay_ms' !~ '^[0-9]{1,{{DELAY_DIGITS}}}$' then
    perform email_queue_private.refuse('delay_ms', 'must be a whole number of milliseconds');
  end if;
  v_message.run_at := coalesce(email_queue_private.check_time('run_at', p_item ->> 'run_at'), v_message.created_at)
    + coalesce((p_item ->> 'delay_ms')::bigint, 0) * interval '1 millisecond';
  v_message.send_before := email_queue_private.check_time('send_before', p_item ->> 'send_before');
  if v_message.send_before <= v_message.run_at then
    perform email_queue_private.refuse('send_before', 'must be later than the time to send at');
  end if;
  v_message.dedup_key := p_item ->> 'dedup_key';
  if char_length(v_message.dedup_key) not between 1 and {{MAX_DEDUP_KEY}} then
    perform email_queue_private.refuse('dedup_key', 'must have 1 to {{MAX_DEDUP_KEY}} characters');
  end if;
  foreach v_key in array array['ignore_suppression', 'secret'] loop
    if jsonb_typeof(p_item -> v_key) not in ('boolean', 'null') then
      perform email_queue_private.refuse(v_key, 'must be true or false');
    end if;
  end loop;
  v_message.secret := nullif((p_item ->> 'secret')::boolean, false);
  if v_message.secret and v_message.dedup_key is not null then
    v_message.dedup_key := email_queue_private.address_hash(v_message.dedup_key, email_queue_private.hash_key());
  end if;
  v_message.topic := p_item ->> 'topic';
  if v_message.topic is not null then
    perform email_queue_private.check_topic(v_message.topic);
  end if;
  v_message.ignore_suppression := nullif((p_item ->> 'ignore_suppression')::boolean, false);
  v_key := case when v_message.topic is not null then 'topic' when v_message.ignore_suppression then 'ignore_suppression'
    when v_message.secret then 'secret' when p_item ->> 'template' is not null then 'template' end;
  if v_message.type <> 'email' and v_key is not null then
    perform email_queue_private.refuse(v_key, 'belongs to e-mail');
  end if;
  v_message.metadata := nullif(p_item -> 'metadata', 'null'::jsonb);
  if v_message.metadata is not null then
    perform email_queue_private.check_metadata('metadata', v_message.metadata);
  end if;
  return v_message;
end
$$;
comment on function email_queue_private.check_message(jsonb, jsonb, email_queue_private.setting) is 'Checks the options of one message and gives its row.';
