create function public.email_queue_cancel(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_ready email_queue_private.ready;
begin
  delete from email_queue_private.ready as r where r.id = p_id returning r.* into v_ready;
  if not found then
    return jsonb_build_object('id', p_id) || email_queue_private.not_waiting(p_id);
  end if;
  update email_queue_private.message as m
  set status = 'cancelled', reason = 'cancelled', completed_at = clock_timestamp(), attempts = v_ready.attempts, errors = v_ready.errors
  where m.id = p_id;
  if email_queue_private.is_secret(v_ready.lane) then
    perform email_queue_private.erase_secrets(array[p_id]);
  end if;
  perform email_queue_private.note_action('cancel', 1, email_queue_private.first_ids(array[p_id]));
  return jsonb_build_object('id', p_id, 'result', 'cancelled');
end
$$;
comment on function public.email_queue_cancel(uuid) is
  'Cancels a message that waits. Answers {id, result: cancelled}; for any other message, its state (processing, completed, failed, not_found) and the reason.';
