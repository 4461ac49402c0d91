-- Lanes of one priority take turns: the one whose last dispatch of this priority was formed longest ago comes first, so that no sender
-- waits for another's backlog, nor for the halves of a batch that was refused whole. Its mail of another priority is no such turn: a
-- sender with a stream of sign-in mail would never send its newsletters.
create function email_queue_private.last_dispatch_at(p_type text, p_lane text, p_priority smallint) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return (select d.created_at from email_queue_private.dispatch as d where d.type = p_type and d.lane = p_lane and d.priority = p_priority
    order by d.created_at desc limit 1);
end
$$;
comment on function email_queue_private.last_dispatch_at(text, text, smallint) is 'When the last dispatch of a lane and priority was formed; null if none is remembered.';
