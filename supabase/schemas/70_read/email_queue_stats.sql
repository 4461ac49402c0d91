-- Counted up to 100,000 each; completed messages are not counted, since that would read the history.
create function public.email_queue_stats() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with waiting as (
    select r.type, count(*) filter (where r.attempts = 0 and r.run_at <= statement_timestamp()) as pending,
      count(*) filter (where r.attempts = 0 and r.run_at > statement_timestamp()) as scheduled,
      count(*) filter (where r.attempts > 0) as retrying,
      min(r.run_at) filter (where r.run_at <= statement_timestamp()) as oldest
    from (select * from email_queue_private.ready limit 100000) as r group by r.type
  ), working as (
    select d.type, sum(cardinality(d.message_ids)) as processing, coalesce(sum(cardinality(d.message_ids)) filter (where d.frozen), 0) as frozen
    from email_queue_private.dispatch as d where d.settled_at is null group by d.type
  ), ended as (
    select m.type, count(*) filter (where m.reason <> 'cancelled') as failed, count(*) filter (where m.reason = 'cancelled') as cancelled
    from (select l.type, l.reason from email_queue_private.message as l where l.reason is not null limit 100000) as m group by m.type
  )
  select jsonb_build_object(
    'types', coalesce((
      select jsonb_object_agg(t.type, jsonb_build_object(
        'pending', coalesce(w.pending, 0), 'scheduled', coalesce(w.scheduled, 0), 'retrying', coalesce(w.retrying, 0),
        'processing', coalesce(p.processing, 0), 'frozen', coalesce(p.frozen, 0),
        'failed', coalesce(e.failed, 0), 'cancelled', coalesce(e.cancelled, 0),
        'oldest_due_seconds', floor(extract(epoch from statement_timestamp() - w.oldest))))
      from (select w.type from waiting as w union select p.type from working as p union select e.type from ended as e) as t
      left join waiting as w on w.type = t.type left join working as p on p.type = t.type left join ended as e on e.type = t.type), '{}'::jsonb),
    'paused', coalesce(email_queue_private.copy_pause(), case when b.paused_at is not null and (b.paused_until is null or b.paused_until > statement_timestamp())
      then jsonb_build_object('since', b.paused_at, 'until', b.paused_until, 'reason', b.pause_reason) end),
    'paused_domains', (
      select coalesce(jsonb_agg(jsonb_build_object('domain', d.domain, 'since', d.paused_at, 'until', d.paused_until, 'reason', d.reason) order by d.domain), '[]'::jsonb)
      from email_queue_private.paused_domain as d where d.paused_until is null or d.paused_until > statement_timestamp()),
    'cooldown', case when b.cooldown_until > statement_timestamp() then jsonb_build_object('until', b.cooldown_until, 'reason', b.cooldown_reason) end,
    'unknown_in_a_row', (select coalesce(max(w.streak), 0) from email_queue_private.breaker as w),
    'requests_per_second', email_queue_private.request_rate(b))
  from email_queue_private.budget_now() as b
$$;
comment on function public.email_queue_stats() is
  'Depth by type (counted up to 100,000), and what holds mail up: pause, paused domains, cooldown, unknown outcomes in a row.';
