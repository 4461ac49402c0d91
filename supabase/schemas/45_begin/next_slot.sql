-- When the next request may leave. No slot is given more than two seconds ahead. So the next slot cannot be later than one
-- interval after that: a later value comes from a lower rate, or from a clock that was set back, and is ignored.
create function email_queue_private.next_slot(p_rate numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz := to_timestamp(pg_catalog.pg_sequence_last_value('email_queue_private.next_slot') / 1000000.0);
begin
  return case when v_slot <= clock_timestamp() + {{MAX_SLOT_WAIT_MS}} * interval '1 millisecond' + interval '1 second' / p_rate::double precision then v_slot else '-infinity' end;
end
$$;
comment on function email_queue_private.next_slot(numeric) is 'When the next request may leave, at a rate.';
