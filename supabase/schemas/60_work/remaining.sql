-- Messages that could be claimed now and are not, counted up to 10,000, so in as many lanes of each priority. (select clock_timestamp())
-- is a constant, so that an index can be used.
create function email_queue_private.remaining(p_type text) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select least({{MAX_REMAINING}}, coalesce((
      select sum(c.n) from generate_series(0, {{LAST_PRIORITY}}) as p(n)
      cross join lateral email_queue_private.heads(p_type, clock_timestamp(), null, {{MAX_REMAINING}}, '', p.n) as h cross join lateral (
        select count(*) as n from (
          select 1 from email_queue_private.ready as r
          where r.type = p_type and r.lane = h.lane and r.priority = h.priority and r.run_at <= (select clock_timestamp()) limit {{MAX_REMAINING}}) as due) as c), 0)
    + coalesce((select sum(cardinality(d.message_ids)) from email_queue_private.dispatch as d
      where d.token is null and d.settled_at is null and d.type = p_type and d.visible_at <= (select clock_timestamp()) and not email_queue_private.is_paused(d.lane)), 0))::bigint
$$;
comment on function email_queue_private.remaining(text) is 'Messages of a type that are due and not claimed, up to 10,000.';
