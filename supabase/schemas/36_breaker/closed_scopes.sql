-- The scopes whose first requests may not begin now, and until when. For a dispatch that is about to begin (p_beginning), begun
-- requests count; for a claim (null), claimed ones that have not begun count too.
create function email_queue_private.closed_scopes(p_now timestamptz, p_beginning uuid) returns table (scope text, opens_at timestamptz)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with w as materialized (
    select b.scope, b.requests, b.streak >= {{BREAKER_ROW}} as waits, b.scope like '%:' as general,
      -- Endpoints that wait share one probe.
      case when b.scope like '%:' and b.streak >= {{BREAKER_ROW}} then max(b.next_at) filter (where b.scope like '%:' and b.streak >= {{BREAKER_ROW}}) over ()
        else b.next_at end as next_at
    from email_queue_private.breaker as b
  ), held as materialized (
    select d.lane, email_queue_private.endpoint_of(d.lane) as endpoint, count(*) as n
    from email_queue_private.dispatch as d
    where d.token is not null and d.type = 'email' and not d.frozen and (p_beginning is null or d.begun and d.id <> p_beginning)
    group by d.lane
  )
  select c.scope, c.opens_at from (
    select w.scope, case
      when w.next_at > p_now then w.next_at
      when w.requests <= (
        select coalesce(sum(h.n), 0) from held as h
        where h.lane = w.scope
          -- The probe of an ailing domain holds up no other domain, as long as others are answered.
          or h.endpoint = w.scope and (w.waits or not exists (select 1 from w as l where l.scope = h.lane and l.waits))
          or w.general and w.waits and exists (select 1 from w as e where e.scope = h.endpoint and e.waits)
      ) then p_now + interval '1 second' end as opens_at
    from w) as c
  where c.opens_at is not null
$$;
comment on function email_queue_private.closed_scopes(timestamptz, uuid) is 'Lanes and endpoints of which nothing fresh may begin now.';
