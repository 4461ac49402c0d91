-- Whether the circuit breaker has closed a lane: it or its endpoint is one of p_closed.
create function email_queue_private.is_closed(p_lane text, p_closed text[]) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_lane = any (p_closed) or split_part(p_lane, ':', 1) || ':' = any (p_closed), false);
end
$$;
comment on function email_queue_private.is_closed(text, text[]) is 'Whether a lane is among closed scopes.';
