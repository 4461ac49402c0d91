-- The function email-queue-events writes this shape, whatever the provider's is. What passes can be recorded without an error.
create function email_queue_private.event_fault(p_event jsonb) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when jsonb_typeof(p_event) <> 'object' then 'it must be an object'
    when jsonb_typeof(p_event -> 'id') is distinct from 'string' or char_length(p_event ->> 'id') not between 1 and 256
      then 'id must be a text of 1 to 256 characters'
    when jsonb_typeof(p_event -> 'type') is distinct from 'string' or char_length(p_event ->> 'type') not between 1 and 100
      then 'type must be a text of 1 to 100 characters'
    when email_queue_private.time_or_null(p_event ->> 'occurred_at') is null then 'occurred_at must be a time in RFC 3339 and UTC'
    when not coalesce(octet_length(p_event ->> 'provider_message_id') between 1 and 256, p_event ->> 'type' not like 'email.%')
      then 'provider_message_id must be a text of 1 to 256 bytes'
    when p_event ->> 'message_id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then 'message_id must be a UUID'
    when p_event ->> 'mark' !~ '^[0-9a-f]{12}$' then 'mark must be 12 hexadecimal digits'
    when coalesce(jsonb_typeof(p_event -> 'recipients'), 'null') not in ('array', 'null') then 'recipients must be a list'
    when case when jsonb_typeof(p_event -> 'recipients') = 'array' then jsonb_array_length(p_event -> 'recipients') > {{MAX_RECORDED}}
        or exists (select 1 from jsonb_array_elements(p_event -> 'recipients') as r where jsonb_typeof(r) <> 'string' or octet_length(r #>> '{}') > 320) end
      then 'recipients must be at most {{MAX_RECORDED}} addresses of at most 320 bytes'
    when coalesce(jsonb_typeof(p_event -> 'detail'), 'null') not in ('object', 'null') or octet_length((p_event -> 'detail')::text) > 8192
      then 'detail must be an object of at most 8 kB'
  end
$$;
comment on function email_queue_private.event_fault(jsonb) is 'Why an event cannot be recorded; null if it can.';
