-- A new event of a message of ours, or of the provider's own list. At once enters: a complaint, and a bounce that says that there is no
-- such mailbox. Other bounces count after some messages in a row, except for those that are about the content of a mail.
create function email_queue_private.suppress_for_event(p_event jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_type text := p_event ->> 'type';
  v_at timestamptz := (p_event ->> 'occurred_at')::timestamptz;
  v_most integer := (email_queue_private.settings()).soft_bounces;
  -- The provider's list says why an address is on it.
  v_reason text := case v_type when 'email.complained' then 'complaint' when 'email.bounced' then 'bounce'
    else coalesce(substring(p_event #>> '{detail,reason}' from '^(bounce|complaint)$'), 'manual') end;
  v_address text;
  v_message email_queue_private.message;
  v_note text;
begin
  select * into v_message from email_queue_private.message as m where m.id = (p_event ->> 'message_id')::uuid;
  for v_address in select a from jsonb_array_elements_text(nullif(p_event -> 'recipients', 'null'::jsonb)) as a order by a collate "C" loop
    v_address := email_queue_private.bare_address(v_address);
    v_note := null;
    continue when email_queue_private.bare_address_fault(v_address) is not null;
    if v_type = 'suppression.removed' then
      perform email_queue_private.leave_suppression(v_address, v_reason, v_at);
      continue;
    end if;
    if v_type = 'email.bounced' and not email_queue_private.is_hard(p_event -> 'detail') then
      continue when v_most = 0 or email_queue_private.soft_bounces(v_address) < v_most;
      v_note := format('%s messages in a row bounced softly', v_most);
    end if;
    -- Of an erased message (bytes = 0) no address is kept again.
    perform email_queue_private.enter_suppression(v_address, v_reason, null, v_note, coalesce(v_message.bytes = 0, false), p_event ->> 'id', v_at,
      v_message.completed_at);
  end loop;
end
$$;
comment on function email_queue_private.suppress_for_event(jsonb) is 'What a bounce, a complaint or a change of the provider''s list does to the list of suppressed addresses.';
