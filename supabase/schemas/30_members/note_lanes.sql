-- Of all inserts into ready: enqueues, retries, redrives. The rows are written, so the transaction has its number before it looks for
-- hints. That is how a sweep knows whether a transaction may still rely on a hint that goes (see tend_lanes).
create function email_queue_private.note_lanes() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
declare
  v_new record;
  v_type text;
  v_lane text;
  v_priority smallint;
  v_run_at timestamptz;
begin
  -- Not grouped, which would cost a single mail more than all else here. In a list most rows are covered by the one before.
  for v_new in select n.type, n.lane, n.priority, n.run_at from new_rows as n loop
    continue when v_new.lane = v_lane and v_new.priority = v_priority and v_new.type = v_type and v_new.run_at >= v_run_at;
    perform email_queue_private.hint_lane(v_new.type, v_new.lane, v_new.priority, v_new.run_at);
    v_type := v_new.type;
    v_lane := v_new.lane;
    v_priority := v_new.priority;
    v_run_at := v_new.run_at;
  end loop;
  return null;
end
$$;
comment on function email_queue_private.note_lanes() is 'Makes hints for new mail.';

create trigger ready_has_hints after insert on email_queue_private.ready
referencing new table as new_rows for each statement execute function email_queue_private.note_lanes();
comment on trigger ready_has_hints on email_queue_private.ready is 'Claims find new mail by hints.';
