-- The words of the calls themselves: what is null here would be done, and what is not would be refused.
create function email_queue_private.possible_actions(p_message email_queue_private.message) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_waits boolean := exists (select from email_queue_private.ready as r where r.id = p_message.id);
  v_taken text := email_queue_private.not_waiting(p_message.id) ->> 'reason';
  v_not_failed text := case when p_message.status is distinct from 'failed' then format('it is %s, not failed', (select q.status from public.email_queue as q where q.id = p_message.id)) end;
  v_redrive text := v_not_failed;
begin
  if v_redrive is null then
    v_redrive := email_queue_private.redrive_obstacle(p_message, (select b.payload from email_queue_private.body as b where b.id = p_message.id), false);
    if p_message.mark is not null and exists (select from email_queue_private.evidence_of(p_message.id, null)) then
      v_redrive := 'it was accepted: the provider reported it';
    end if;
  end if;
  return jsonb_build_object('cancel', case when not v_waits then v_taken end, 'redrive', v_redrive, 'discard', v_not_failed,
    'erase', case
      when v_waits then 'it waits to be sent: cancel it first'
      when p_message.status is null then v_taken
      when email_queue_private.open_members(array[p_message.id]) <> '{}' then 'its request may have to be repeated'
      when p_message.bytes = 0 then 'it was erased already' end);
end
$$;
comment on function email_queue_private.possible_actions(email_queue_private.message) is 'What an operator can do with a message, and why not.';
