create function public.email_queue_erase(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_status text;
  v_bytes integer;
begin
  select m.status, m.bytes into v_status, v_bytes from email_queue_private.message as m where m.id = p_id for update;
  if v_status is null then
    if exists (select 1 from email_queue_private.ready as r where r.id = p_id) then
      return jsonb_build_object('id', p_id, 'result', 'pending', 'reason', 'it waits to be sent: cancel it first');
    end if;
    return jsonb_build_object('id', p_id) || email_queue_private.not_waiting(p_id);
  elsif email_queue_private.open_members(array[p_id]) <> '{}' then
    return jsonb_build_object('id', p_id, 'result', 'processing', 'reason', 'its request may have to be repeated');
  end if;
  delete from email_queue_private.body where id = p_id;
  delete from email_queue_private.further_addressee where id = p_id;
  -- The events stay without what they say: one that is delivered again is known, and a later one sees how far the mail had come.
  update email_queue_private.event set recipient = email_queue_private.recipient_hash(recipient), detail = null where message_id = p_id;
  -- Without bytes: of events that are still to come no address is kept.
  update email_queue_private.message set metadata = null, recipients = null, addressee = null, bytes = 0 where id = p_id;
  if v_bytes > 0 then
    perform email_queue_private.note_action('erase', 1, email_queue_private.first_ids(array[p_id]));
  end if;
  return jsonb_build_object('id', p_id, 'result', 'erased');
end
$$;
comment on function public.email_queue_erase(uuid) is
  'Erases payload and metadata of a message that has ended, and the addresses and details of its events. While it is open, the answer says why not. Answers {id, result, reason?}.';
