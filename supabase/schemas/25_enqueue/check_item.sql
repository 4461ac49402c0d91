create function email_queue_private.check_item(p_item jsonb, p_payload jsonb, p_setting email_queue_private.setting) returns email_queue_private.checked
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_message email_queue_private.message := email_queue_private.check_message(p_item, p_payload, p_setting);
  v_payload jsonb := p_payload;
  v_lane text;
  v_rendered jsonb;
  v_field text;
begin
  if v_message.type = 'email' and jsonb_typeof(v_payload) is distinct from 'object' then
    perform email_queue_private.refuse('payload', 'must be an object');
  elsif coalesce(jsonb_typeof(v_payload), 'null') = 'null' then
    perform email_queue_private.refuse('payload', 'is missing');
  end if;
  if p_item ->> 'template' is not null then
    v_rendered := email_queue_private.render_template(p_item ->> 'template', p_item ->> 'language', p_item -> 'variables');
    select k into v_field from unnest(array['subject', 'content', 'text', 'template']) as k where jsonb_typeof(v_payload -> k) <> 'null' limit 1;
    if v_field is not null then
      perform email_queue_private.refuse(v_field, 'comes from the template: leave it out of the payload');
    end if;
    v_payload := v_payload || (v_rendered - 'template');
    v_message.template := v_rendered -> 'template';
  elsif jsonb_typeof(p_item -> 'variables') <> 'null' or p_item ->> 'language' is not null then
    perform email_queue_private.refuse('template', 'is missing: variables and language belong to it');
  end if;
  if coalesce(jsonb_typeof(p_item -> 'tags'), 'null') <> 'null' then
    v_payload := v_payload || jsonb_build_object('tags', p_item -> 'tags');
  end if;
  if v_message.type = 'email' then
    if coalesce(jsonb_typeof(v_payload -> 'from'), 'null') = 'null' and p_setting.default_sender is not null then
      v_payload := v_payload || jsonb_build_object('from', p_setting.default_sender);
    end if;
    v_lane := email_queue_private.plain_lane(v_payload);
  end if;
  if v_lane is null then
    perform email_queue_private.check_json('payload', v_payload);
    v_lane := case v_message.type when 'email' then email_queue_private.check_email(v_payload) else 'single:' end;
  end if;
  if v_message.secret then
    v_lane := v_lane || ':secret';
    v_message.recipients := v_payload -> 'to';
  end if;
  v_message.bytes := email_queue_private.payload_bytes(v_payload, p_setting.max_payload_bytes);
  if v_message.bytes > p_setting.max_payload_bytes then
    perform email_queue_private.refuse('payload',
      format('has %s bytes, the limit is %s: give large attachments by path', v_message.bytes, p_setting.max_payload_bytes));
  end if;
  return row(v_message, v_payload, v_lane);
end
$$;
comment on function email_queue_private.check_item(jsonb, jsonb, email_queue_private.setting) is 'Checks one message of an enqueue call.';
