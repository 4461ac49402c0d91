-- What a new event does to its message, whose lock the caller shares. It touches no dispatch. A redriven message that waits is taken out of
-- ready first. If a claim has it in hand, that claim waits for this transaction and then looks for evidence itself.
create function email_queue_private.apply_evidence(p_message email_queue_private.message) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_ready email_queue_private.ready;
begin
  if p_message.status = 'failed' and p_message.mark is not null then
    perform email_queue_private.complete_by_evidence(array[p_message.id]);
  elsif p_message.status is null then
    if p_message.mark is not null then
      delete from email_queue_private.ready
      where id = (select r.id from email_queue_private.ready as r where r.id = p_message.id for update skip locked)
      returning * into v_ready;
    end if;
    if v_ready.id is not null then
      update email_queue_private.message as m
      set status = 'completed', completed_at = clock_timestamp(), provider_message_id = e.provider_message_id, attempts = v_ready.attempts,
        errors = v_ready.errors
      from email_queue_private.evidence_of(p_message.id, null) as e where m.id = p_message.id and m.status is null;
    else
      insert into email_queue_private.evidence (message_id) values (p_message.id);
    end if;
  end if;
end
$$;
comment on function email_queue_private.apply_evidence(email_queue_private.message) is 'Completes a message whose outcome was not known, or leaves a note for the sweep.';
