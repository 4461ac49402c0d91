-- Messages that could be claimed now and are not, counted up to 10,000, in the first 1,000 lanes. (select clock_timestamp()) is a constant,
-- so that an index can be used.
create function email_queue_private.remaining(p_type text) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with hint as materialized (
    (select l.lane, l.priority from email_queue_private.lane as l where l.type = p_type and l.state = 'open'
    order by l.priority, l.refused, l.turn nulls first, l.due_at, l.lane limit 1000)
    union
    (select l.lane, l.priority from email_queue_private.lane as l where l.state = 'later' and l.type = p_type order by l.look_at limit 10)
  )
  select least({{MAX_REMAINING}}, coalesce((
      select sum(c.n) from hint as l cross join lateral (
        select count(*) as n from (
          select 1 from email_queue_private.ready as r
          where r.type = p_type and r.lane = l.lane and r.priority = l.priority and r.run_at <= (select clock_timestamp()) limit {{MAX_REMAINING}}) as due) as c
      where not exists (select 1 from email_queue_private.paused_domain as p
        where p.domain = split_part(l.lane, ':', 2) and (p.paused_until is null or p.paused_until > (select clock_timestamp())))), 0)
    + coalesce((select sum(cardinality(d.message_ids)) from email_queue_private.dispatch as d
      where d.token is null and d.settled_at is null and d.type = p_type and d.visible_at <= (select clock_timestamp()) and not email_queue_private.is_paused(d.lane)), 0))::bigint
$$;
comment on function email_queue_private.remaining(text) is 'Messages of a type that are due and not claimed, up to 10,000.';
