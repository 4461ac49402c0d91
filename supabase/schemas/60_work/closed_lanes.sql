-- Why lanes with due mail may not be claimed from; null if all may. Of many lanes, the first hundred of each priority are looked at.
create function email_queue_private.closed_lanes(p_type text, p_now timestamptz) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with closed as materialized (select c.scope, c.opens_at from email_queue_private.closed_scopes(p_now, null) as c)
  select email_queue_private.unavailable(min(k.opens_at), p_now) from (
    select h.lane from generate_series(0, {{LAST_PRIORITY}}) as p(n)
    cross join lateral email_queue_private.heads(p_type, p_now, null, {{LANES_A_LOOK}}, '', p.n) as h
    union
    select d.lane from email_queue_private.dispatch as d
    where d.token is null and d.settled_at is null and d.type = p_type and d.visible_at <= p_now and not d.frozen
      and not email_queue_private.is_paused(d.lane)
  ) as due cross join lateral (
    select max(c.opens_at) as opens_at from closed as c where c.scope in (due.lane, email_queue_private.endpoint_of(due.lane))) as k
$$;
comment on function email_queue_private.closed_lanes(text, timestamptz) is 'The obstacle of a claim that found nothing but lanes that the circuit breaker has closed.';
