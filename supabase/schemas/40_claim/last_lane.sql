-- The lane whose turn was last, after which a claim looks for the next lanes; empty if none is remembered: then the round begins. Each
-- priority goes its own round: after a sign-in mail, the newsletters go on where they were. What the circuit breaker takes from another
-- place, and the halves of a split dispatch, are no turn: a round that went on from there would pass over lanes for ever.
create function email_queue_private.last_lane(p_type text, p_priority integer) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  -- "between", so that no other index has that order: after a long time without this priority, the primary key would be walked back to it.
  return coalesce((select d.lane from email_queue_private.dispatch as d where d.turn and d.type = p_type and d.priority between p_priority and p_priority
    order by d.priority desc, d.id desc limit 1), '');
end
$$;
comment on function email_queue_private.last_lane(text, integer) is 'The lane whose turn was last, of a type and priority.';
