-- Six hours in 36 steps, from what there is anyway: a message's id has the time of its enqueue, and each run says what it did and left. Steps
-- in which no run ended have no waiting.
create function email_queue_private.last_hours() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with step as (
    select n, statement_timestamp() - (36 - n) * interval '10 minutes' as at from generate_series(0, 35) as n
  ), run as (
    select least(35, floor(extract(epoch from r.ended_at - statement_timestamp()) / 600) + 36)::integer as n, max(coalesce((r.counts ->> 'remaining')::bigint, 0)) as waiting,
      sum((r.counts ->> 'accepted')::bigint) as accepted, sum((r.counts ->> 'retried')::bigint) as retried, sum((r.counts ->> 'failed')::bigint) as failed
    from (
      select l.ended_at, l.counts from email_queue_private.run as l where l.started_at > statement_timestamp() - interval '7 hours'
      order by l.started_at desc limit 10000) as r
    where r.ended_at > statement_timestamp() - interval '6 hours' group by 1
  )
  select jsonb_agg(jsonb_build_object('at', s.at, 'waiting', r.waiting, 'accepted', coalesce(r.accepted, 0), 'retried', coalesce(r.retried, 0), 'failed', coalesce(r.failed, 0),
    'enqueued', (select count(*) from (select 1 from email_queue_private.message as m
      where m.id >= email_queue_private.first_id(s.at) and m.id < email_queue_private.first_id(s.at + interval '10 minutes') limit 10000) as e)) order by s.n)
  from step as s left join run as r on r.n = s.n
$$;
comment on function email_queue_private.last_hours() is 'The last six hours in steps of ten minutes: what was enqueued and sent, and what the runs left waiting.';
