-- A redriven message that was accepted after all is not sent again. The claim has taken the row out of ready, so an event that came
-- meanwhile has only left its record: the lock waits for it, and the next statement sees it.
create function email_queue_private.drop_accepted(p_dispatch email_queue_private.dispatch, p_ids uuid[]) returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_accepted uuid[];
begin
  perform 1 from email_queue_private.message as m where m.id = any (p_ids) order by m.id for update;
  v_accepted := array(select u.id from unnest(p_ids) as u(id) where exists (select 1 from email_queue_private.evidence_of(u.id, null)));
  if v_accepted = '{}' then
    return p_dispatch;
  end if;
  perform email_queue_private.complete_members(p_dispatch, v_accepted);
  if cardinality(v_accepted) = cardinality(p_dispatch.message_ids) then
    perform email_queue_private.close_dispatch(p_dispatch);
    return null;
  end if;
  perform email_queue_private.drop_members(p_dispatch, v_accepted);
  select * into v_dispatch from email_queue_private.dispatch as d where d.id = p_dispatch.id;
  return v_dispatch;
end
$$;
comment on function email_queue_private.drop_accepted(email_queue_private.dispatch, uuid[]) is 'Completes redriven members that have evidence and takes them out of a dispatch that has not begun; null if none is left.';
