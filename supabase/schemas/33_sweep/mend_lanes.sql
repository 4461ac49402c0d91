-- For mail that came in without hints: a truncated table, rows restored without triggers. One index probe for each lane and priority.
create function email_queue_private.mend_lanes() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
as $$
declare
  v_type text := '';
  v_lane text := '';
  v_priority smallint := 0;
  v_run_at timestamptz;
begin
  loop
    select r.type, r.lane, r.priority, r.run_at into v_type, v_lane, v_priority, v_run_at from email_queue_private.ready as r
    where (r.type, r.lane, r.priority) > (v_type, v_lane, v_priority) order by r.type, r.lane, r.priority, r.run_at limit 1;
    exit when not found;
    perform email_queue_private.hint_lane(v_type, v_lane, v_priority, v_run_at);
  end loop;
end
$$;
comment on function email_queue_private.mend_lanes() is 'Makes the hints that are missing.';
