-- A dispatch keeps the slot of its last begin, so a replay within the minute counts once.
create function email_queue_private.requests_now() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with second as (
    select count(*) as n from (
      select d.slot_at from (select * from email_queue_private.dispatch where settled_at > statement_timestamp() - interval '1 minute' order by settled_at desc limit 10000) as d
      union all
      select d.slot_at from (select * from email_queue_private.dispatch where token is not null limit 10000) as d
      union all
      select d.slot_at from (select * from email_queue_private.dispatch where token is null and settled_at is null limit 10000) as d) as d
    where d.slot_at > statement_timestamp() - interval '1 minute' and d.slot_at <= statement_timestamp() group by date_trunc('second', d.slot_at)
  )
  select jsonb_build_object('last_minute', (select coalesce(sum(s.n), 0) from second as s), 'most_in_a_second', (select coalesce(max(s.n), 0) from second as s),
    'per_second', email_queue_private.request_rate(b), 'setting', (email_queue_private.settings()).rate_limit, 'learned', b.learned_limit, 'answered', b.answered,
    'breaker', (select coalesce(jsonb_agg(jsonb_build_object('scope', w.scope, 'unanswered', w.streak, 'next_at', case when w.streak >= {{BREAKER_ROW}} then w.next_at end,
      'requests', w.requests, 'size', w.size) order by w.streak desc, w.scope), '[]') from (select * from email_queue_private.breaker order by streak desc, scope limit 20) as w))
  from email_queue_private.budget_now() as b
$$;
comment on function email_queue_private.requests_now() is 'Requests of the last minute, what the budget allows, and the circuit breaker.';
