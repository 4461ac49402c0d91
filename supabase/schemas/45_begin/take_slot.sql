-- Takes the first slot from a time on; null if that is after p_until. One session at a time: the exception gives the
-- lock back at once, and the sequence keeps its value. A begin that is rolled back leaves its slot unused.
create function email_queue_private.take_slot(p_from timestamptz, p_until timestamptz, p_rate numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz;
begin
  begin
    lock table email_queue_private.slot_lock in exclusive mode;
    v_slot := greatest(p_from, email_queue_private.next_slot(p_rate));
    if v_slot <= p_until then
      perform setval('email_queue_private.next_slot', ceil((extract(epoch from v_slot) + 1 / p_rate) * 1000000)::bigint);
    end if;
    raise exception using errcode = 'EQ000', message = 'the lock is given back';
  exception when sqlstate 'EQ000' then
    return case when v_slot <= p_until then v_slot end;
  end;
end
$$;
comment on function email_queue_private.take_slot(timestamptz, timestamptz, numeric) is 'Takes the next slot of the rate that all runs share; null if it is too far ahead.';
