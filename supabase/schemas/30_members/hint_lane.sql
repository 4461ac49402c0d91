-- Sees to it that mail of a lane is found by claims: inserts a hint, unless one covers the mail. Reads, and inserts: nothing waits for it.
create function email_queue_private.hint_lane(p_type text, p_lane text, p_priority smallint, p_run_at timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  -- The snapshot of a stricter transaction may be older than the end of a hint.
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') or not exists (
    select 1 from email_queue_private.lane as l
    where l.type = p_type and l.lane = p_lane and l.priority = p_priority and (l.state in ('open', 'paused') or l.state = 'later' and l.due_at <= p_run_at))
  then
    insert into email_queue_private.lane (type, lane, priority, state, due_at, look_at)
    select p_type, p_lane, p_priority, case when t.later then 'later' else 'open' end, p_run_at, case when t.later then p_run_at end
    from (select p_run_at > clock_timestamp() as later) as t;
  end if;
end
$$;
comment on function email_queue_private.hint_lane(text, text, smallint, timestamptz) is 'Makes a hint for mail of a lane, unless there is one.';
