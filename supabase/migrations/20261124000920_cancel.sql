set standard_conforming_strings = on;

-- Cancel and erase. What is in a dispatch may be on its way, or may have been sent: it is refused with the reason.

-- What a message that is not in ready is, as {result, reason}.
create function email_queue_private.not_waiting(p_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select case
      when m.status is not null then jsonb_build_object('result', m.status, 'reason', format('it is %s already', m.status))
      when d.frozen then jsonb_build_object('result', 'processing', 'reason', 'it may have been sent: it waits for its replay')
      else jsonb_build_object('result', 'processing', 'reason', 'a worker has it')
    end
    from email_queue_private.message as m
    left join email_queue_private.dispatch as d on d.settled_at is null and m.id = any (d.message_ids)
    where m.id = p_id), jsonb_build_object('result', 'not_found', 'reason', 'there is no such message'))
$$;
comment on function email_queue_private.not_waiting(uuid) is 'Why a message cannot be taken out of the queue.';

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
  return jsonb_build_object('id', p_id, 'result', 'cancelled');
end
$$;
comment on function public.email_queue_cancel(uuid) is
  'Cancels a message that waits. Answers {id, result: cancelled}, or what it is instead (processing, completed, failed, not_found) with the reason.';

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
  'Erases payload and metadata of a message that has ended; refused with the reason while it is open. Answers {id, result, reason?}.';

call email_queue_private.apply_grants();
