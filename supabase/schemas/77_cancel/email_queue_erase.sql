create function public.email_queue_erase(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_status text;
begin
  select m.status into v_status from email_queue_private.message as m where m.id = p_id for update;
  if v_status is null then
    if exists (select 1 from email_queue_private.ready as r where r.id = p_id) then
      return jsonb_build_object('id', p_id, 'result', 'pending', 'reason', 'it waits to be sent: cancel it first');
    end if;
    return jsonb_build_object('id', p_id) || email_queue_private.not_waiting(p_id);
  end if;
  delete from email_queue_private.body where id = p_id;
  update email_queue_private.message set metadata = null where id = p_id;
  return jsonb_build_object('id', p_id, 'result', 'erased');
end
$$;
comment on function public.email_queue_erase(uuid) is
  'Erases payload and metadata of a message that has ended. While it is open, the answer says why not. Answers {id, result, reason?}.';
