-- When the next message or dispatch of a type can be claimed, in milliseconds from now (0: now); null if nothing waits.
create function email_queue_private.next_due_ms(p_type text, p_closed text[]) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when t.due is not null then greatest(0, ceil(extract(epoch from t.due - clock_timestamp()) * 1000))::bigint end
  from (select least(
    (select min(h.run_at)
      from email_queue_private.lanes(p_type, p_closed) as l(lane) cross join generate_series(0, {{LAST_PRIORITY}}) as p(priority) cross join lateral (
        select r.run_at from email_queue_private.ready as r
        where r.type = p_type and r.lane = l.lane and r.priority = p.priority order by r.run_at limit 1) as h),
    (select min(d.visible_at) from email_queue_private.dispatch as d
      where d.token is null and d.settled_at is null and d.type = p_type and not email_queue_private.is_paused(d.lane)
        and (d.frozen or not email_queue_private.is_closed(d.lane, p_closed)))
  ) as due) as t
$$;
comment on function email_queue_private.next_due_ms(text, text[]) is 'Milliseconds until something of a type can be claimed; null if nothing waits.';
