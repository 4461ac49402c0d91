-- Enqueue checks structure, size and sender of an e-mail. The client checks the rest of a payload before, and the worker after.

-- The lane of an e-mail, or an error that names the field.
create function email_queue_private.check_email(p_payload jsonb) returns text
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_field text;
  v_fault text;
  v_sender record;
begin
  -- Nothing reads it, so what it says would be lost. Its name may be anything, also an address.
  select k into v_field from jsonb_object_keys(p_payload - array['to', 'cc', 'bcc', 'from', 'replyTo', 'subject', 'content', 'text', 'headers', 'tags', 'attachments', 'template']) as k limit 1;
  if found then
    perform email_queue_private.refuse(case when v_field ~ '^[A-Za-z_-]{1,40}$' then v_field else '?' end,
      concat('unknown field', case when v_field in ('html', 'body') then '; did you mean content?' when v_field = 'reply_to' then '; did you mean replyTo?' end));
  end if;

  foreach v_field in array array['to', 'cc', 'bcc'] loop
    if p_payload ? v_field and jsonb_typeof(p_payload -> v_field) <> 'null'
      and not (v_field <> 'to' and p_payload -> v_field = '[]'::jsonb) then
      v_fault := email_queue_private.addresses_fault(p_payload -> v_field);
      if v_fault is not null then
        perform email_queue_private.refuse(v_field, v_fault);
      end if;
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
  if coalesce(p_payload ->> 'subject', '') ~ E'[\\x01-\\x1f\\x7f]' then
    perform email_queue_private.refuse('subject', 'has a control character');
  end if;
  if char_length(p_payload ->> 'subject') > {{MAX_SUBJECT}} then
    perform email_queue_private.refuse('subject', 'must have at most {{MAX_SUBJECT}} characters');
  end if;

  if coalesce(jsonb_typeof(p_payload -> 'from'), 'null') = 'null' then
    perform email_queue_private.refuse('from', 'is missing, and no default sender is stored (email_queue_configure)');
  end if;
  v_sender := email_queue_private.sender_fault(p_payload -> 'from');
  if v_sender.message is not null then
    perform email_queue_private.refuse(v_sender.field, v_sender.message);
  end if;
  perform email_queue_private.check_limits(p_payload);

  return case
    when jsonb_typeof(p_payload -> 'attachments') = 'array' and p_payload -> 'attachments' <> '[]'::jsonb then 'single:'
    else 'batch:' end || email_queue_private.sender_domain(p_payload -> 'from');
end
$$;
comment on function email_queue_private.check_email(jsonb) is 'Checks an e-mail''s structure, sender and limits, and gives its lane.';
