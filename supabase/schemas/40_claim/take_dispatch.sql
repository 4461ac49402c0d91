-- A waiting dispatch for the caller's token; null if another session was faster, or if each member turns out to have been accepted. Since
-- the claim that formed it an event may have come.
create function email_queue_private.take_dispatch(p_id uuid, p_token uuid, p_lease interval, p_now timestamptz)
returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_redriven uuid[];
begin
  update email_queue_private.dispatch as d
  set token = p_token, begun = false, visible_at = clock_timestamp() + p_lease, updated_at = clock_timestamp()
  where d.id = (
    select w.id from email_queue_private.dispatch as w
    where w.id = p_id and w.settled_at is null and w.token is null and w.visible_at <= p_now for update skip locked)
  returning d.* into v_dispatch;
  if v_dispatch.type = 'email' and not v_dispatch.frozen then
    v_redriven := array(select m.id from email_queue_private.message as m where m.id = any (v_dispatch.message_ids) and m.mark is not null);
    if v_redriven <> '{}' then
      v_dispatch := email_queue_private.drop_accepted(v_dispatch, v_redriven);
    end if;
  end if;
  return v_dispatch;
exception when lock_not_available then
  return null; -- As in sweep.
end
$$;
comment on function email_queue_private.take_dispatch(uuid, uuid, interval, timestamptz) is 'Claims a waiting dispatch.';
