-- While fewer than eight requests are allowed, the mail at the head of the queue may be what gets no answer. So every second fresh
-- dispatch comes from another place, and poison at the head does not stop the rest: from another lane if the endpoint is in trouble,
-- and from another priority and place within the lane.
create function email_queue_private.lanes_in_turn(p_lanes text[]) returns text[]
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select array_agg(l.lane) from email_queue_private.breaker as b
  cross join lateral (
    select o.lane, row_number() over (order by o.lane collate "C") - 1 as place, count(*) over () as lanes
    from unnest(p_lanes) as o(lane) where email_queue_private.endpoint_of(o.lane) = b.scope) as l
  where b.scope like '%:' and b.requests < {{FEW_REQUESTS}} and b.tries % 2 = 0 and l.place = email_queue_private.spread(b.tries + 1, {{BY_LANE}}, l.lanes)
$$;
comment on function email_queue_private.lanes_in_turn(text[]) is 'For each endpoint in trouble, the lane whose turn it is, of those with due mail.';
