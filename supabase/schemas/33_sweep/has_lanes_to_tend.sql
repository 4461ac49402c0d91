create function email_queue_private.has_lanes_to_tend(p_now timestamptz) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.lane as l where l.state = 'later' and l.look_at <= p_now)
    or exists (select 1 from email_queue_private.lane as l where l.state in ('paused', 'going', 'gone') and l.look_at <= p_now);
end
$$;
comment on function email_queue_private.has_lanes_to_tend(timestamptz) is 'Whether the time of any hint has come.';
