-- Cancel and erase. A message in a dispatch may be on its way, or may have been sent: the call is refused with the reason.

-- The state of a message that is not in ready, as {result, reason}. After its lease is over, no worker has it.
create function email_queue_private.not_waiting(p_id uuid) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select case
      when m.status is not null then jsonb_build_object('result', m.status, 'reason', format('it is %s already', m.status))
      else jsonb_build_object('result', 'processing', 'reason', case
        when d.frozen then 'it may have been sent: it waits for its replay'
        when d.token is not null and d.visible_at > clock_timestamp() then 'a worker has it'
        when d.type <> 'email' then 'its consumer''s lease is over: cancel it after the next dequeue, which puts it back'
        when d.begun then 'its worker''s lease is over, and it may have been sent: it waits for its replay'
        else 'its worker''s lease is over, and it was not sent: the next run takes it over'
      end || case when d.type = 'email' and (d.token is null or d.visible_at <= clock_timestamp())
          and (b.paused_at is not null and coalesce(b.paused_until > clock_timestamp(), true) or email_queue_private.is_paused(d.lane)
            or email_queue_private.copy_pause() is not null)
        then ', not before the pause ends' else '' end)
    end
    from email_queue_private.budget_now() as b cross join email_queue_private.message as m
    left join email_queue_private.dispatch as d on d.settled_at is null and m.id = any (d.message_ids)
    where m.id = p_id), jsonb_build_object('result', 'not_found', 'reason', 'there is no such message'))
$$;
comment on function email_queue_private.not_waiting(uuid) is 'Why a message cannot be taken out of the queue.';
