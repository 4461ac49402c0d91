-- What keeps an open message from being sent: its own wait, and what holds up all mail, its sender domain or its lane. "until" is null
-- where somebody has to end it.
create function email_queue_private.waits(p_message email_queue_private.message, p_dispatch email_queue_private.dispatch)
returns table (until timestamptz, reason text)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with now as materialized (
    select clock_timestamp() as now, coalesce(r.lane, p_dispatch.lane) as lane, r.run_at, r.id is not null as ready,
      r.attempts > 0 or r.run_at > p_message.run_at as again
    from (values (true)) as one left join email_queue_private.ready as r on r.id = p_message.id
  ), own as (
    select n.run_at, case when n.again then 'backoff' else 'scheduled' end from now as n where n.run_at > n.now
    union all
    -- A lease that is over is one that nobody has.
    select p_dispatch.visible_at, case when p_dispatch.frozen or p_dispatch.begun and p_dispatch.type = 'email' then 'replay' else 'backoff' end from now as n
    where p_dispatch.id is not null and (p_dispatch.token is null or p_dispatch.visible_at <= n.now) and (p_dispatch.frozen or p_dispatch.begun or p_dispatch.visible_at > n.now)
  ), shared as (
    select case when email_queue_private.copy_pause() is null then b.paused_until end, 'paused' from email_queue_private.budget_now() as b cross join now as n
    where email_queue_private.copy_pause() is not null or b.paused_at is not null and coalesce(b.paused_until > n.now, true)
    union all
    select p.paused_until, 'domain_paused' from email_queue_private.paused_domain as p cross join now as n
    where p.domain = split_part(n.lane, ':', 2) and coalesce(p.paused_until > n.now, true)
    union all
    select b.cooldown_until, 'cooldown' from email_queue_private.budget_now() as b cross join now as n where b.cooldown_until > n.now
    union all
    select max(c.opens_at), 'breaker' from now as n cross join lateral email_queue_private.closed_scopes(n.now, null) as c
    where c.scope in (n.lane, email_queue_private.endpoint_of(n.lane)) and not coalesce(p_dispatch.frozen, false) having count(*) > 0
  )
  select * from own
  union all
  select s.* from shared as s cross join now as n
  where p_message.type = 'email' and (n.ready or p_dispatch.id is not null and (p_dispatch.token is null or p_dispatch.visible_at <= n.now))
$$;
comment on function email_queue_private.waits(email_queue_private.message, email_queue_private.dispatch) is 'What an open message waits for.';
