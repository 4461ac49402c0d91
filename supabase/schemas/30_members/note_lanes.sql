-- Of all inserts into ready: enqueues, retries, redrives. The rows are written, so the transaction has its number before it looks for
-- hints. That is how a sweep knows whether a transaction may still rely on a hint that goes (see tend_lanes).
create function email_queue_private.note_lanes() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_new record;
begin
  for v_new in select n.type, n.lane, n.priority, min(n.run_at) as run_at from new_rows as n group by n.type, n.lane, n.priority loop
    perform email_queue_private.hint_lane(v_new.type, v_new.lane, v_new.priority, v_new.run_at);
  end loop;
  return null;
end
$$;
comment on function email_queue_private.note_lanes() is 'Makes hints for new mail.';

create trigger ready_has_hints after insert on email_queue_private.ready
referencing new table as new_rows for each statement execute function email_queue_private.note_lanes();
comment on trigger ready_has_hints on email_queue_private.ready is 'Claims find new mail by hints.';
