-- The first ready row of each lane that is due, in its best priority.
create function email_queue_private.heads(p_type text, p_now timestamptz, p_closed text[] default null)
returns table (lane text, priority smallint, run_at timestamptz)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  lane := '';
  loop
    -- One search finds the next lane and its head: what claims have left in the index since the last vacuum is walked once.
    select r.lane, r.priority, r.run_at into lane, priority, run_at from email_queue_private.ready as r
    where r.type = p_type and r.lane > heads.lane order by r.lane, r.priority, r.run_at limit 1;
    exit when not found;
    continue when email_queue_private.is_paused(lane) or email_queue_private.is_closed(lane, p_closed);
    while run_at > p_now and priority < {{LAST_PRIORITY}} loop
      select r.priority, r.run_at into priority, run_at from email_queue_private.ready as r
      where r.type = p_type and r.lane = heads.lane and r.priority > heads.priority order by r.priority, r.run_at limit 1;
      exit when not found;
    end loop;
    if run_at <= p_now then
      return next;
    end if;
  end loop;
end
$$;
comment on function email_queue_private.heads(text, timestamptz, text[]) is 'The first due row of each lane that is neither paused nor closed.';
