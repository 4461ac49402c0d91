-- Why a dead letter may not be sent again, or null. The words fit SQL and JavaScript, whose arguments have other names. p_payload is
-- what would be sent.
create function email_queue_private.redrive_obstacle(p_message email_queue_private.message, p_payload jsonb, p_allow_duplicates boolean) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_message.reason = 'unknown_outcome' and not coalesce(p_allow_duplicates, false)
      then 'it may have been sent: redrive it with duplicates allowed'
    when p_payload is null then 'its payload was erased'
    when p_message.type = 'email' and (email_queue_private.sender_fault(p_payload -> 'from')).message is not null
      then 'its sender is refused: redrive it with another one'
    when p_message.type = 'email' and p_message.ignore_suppression is null
      and email_queue_private.is_suppressed(email_queue_private.recipients(p_payload, email_queue_private.hash_key()), p_message.topic)
      then 'every recipient is suppressed: remove an entry first'
  end;
end
$$;
comment on function email_queue_private.redrive_obstacle(email_queue_private.message, jsonb, boolean) is 'Why a dead letter may not be sent again; null if it may.';
