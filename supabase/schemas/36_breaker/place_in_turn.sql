create function email_queue_private.place_in_turn(p_type text, p_lane text, p_now timestamptz, out priority smallint, out run_at timestamptz, out id uuid)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_number bigint;
  v_due record;
begin
  select case when b.tries % 2 = 0 then b.tries + 1 end into v_number from email_queue_private.breaker as b
  where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane)) and b.requests < {{FEW_REQUESTS}} order by b.scope like '%:' limit 1;
  if v_number is null then
    return;
  end if;
  select array_agg(p.n order by p.n) as priorities, array_agg(c.rows order by p.n) as rows into v_due
  from generate_series(0, {{LAST_PRIORITY}}) as p(n) cross join lateral (
    select count(*) as rows from (
      select 1 from email_queue_private.ready as r
      where r.type = p_type and r.lane = p_lane and r.priority = p.n and r.run_at <= p_now limit {{MAX_PLACES}}) as due) as c
  where c.rows > 0;
  select r.priority, r.run_at, r.id into priority, run_at, id from (
    select email_queue_private.spread(v_number, {{BY_PRIORITY}}, cardinality(v_due.priorities)) + 1 as n) as t
  cross join lateral (
    select r.priority, r.run_at, r.id from email_queue_private.ready as r
    where r.type = p_type and r.lane = p_lane and r.priority = v_due.priorities[t.n] and r.run_at <= p_now
    order by r.run_at, r.id offset email_queue_private.spread(v_number, {{BY_PLACE}}, v_due.rows[t.n]) limit 1) as r;
end
$$;
comment on function email_queue_private.place_in_turn(text, text, timestamptz) is 'Where the next dispatch of a lane in trouble begins; null: at its head.';
