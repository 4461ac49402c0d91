-- Lanes of one priority take turns: the one whose last dispatch was formed longest ago comes first, so that no sender waits
-- for another's backlog, nor for the halves of a batch that was refused whole.
create function email_queue_private.last_dispatch_at(p_type text, p_lane text) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return (select d.created_at from email_queue_private.dispatch as d where d.type = p_type and d.lane = p_lane
    order by d.created_at desc limit 1);
end
$$;
comment on function email_queue_private.last_dispatch_at(text, text) is 'When the last dispatch of a lane was formed; null if none is remembered.';
