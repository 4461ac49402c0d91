-- Of the sessions that find a wake-up due at the same time, one gets the lock, and none waits for it. The exception gives it back at
-- once, and the sequence keeps its value.
create function email_queue_private.take_wake() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint;
  v_every_ms integer := (email_queue_private.wiring_now()).wake_every_ms;
  v_mine boolean := false;
begin
  if v_every_ms is null then
    return false;
  end if;
  begin
    lock table email_queue_private.wake_lock in exclusive mode nowait;
    v_now := date_part('epoch', clock_timestamp()) * 1000;
    if exists (select from email_queue_private.next_wake as n where email_queue_private.wake_is_due(v_now, n.last_value)) then
      perform setval('email_queue_private.next_wake', v_now + v_every_ms);
      v_mine := true;
    end if;
    raise exception using errcode = 'EQ000', message = 'the lock is given back';
  exception when sqlstate 'EQ000' or lock_not_available then
    null;
  end;
  return v_mine;
end
$$;
comment on function email_queue_private.take_wake() is 'Whether the wake-up that is due is this session''s to send.';
