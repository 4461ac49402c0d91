-- When the next message or dispatch of a type can be claimed, in milliseconds from now (0: now); null if nothing waits. Hints lead to the
-- first: those that are open, then the others in the order of their times, until one is later than what was found.
create function email_queue_private.next_due_ms(p_type text, p_closed text[]) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_sort = off set jit = off
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_due timestamptz;
  v_hint record;
  v_looked integer := 0;
begin
  select min(d.visible_at) into v_due from email_queue_private.dispatch as d
  where d.token is null and d.settled_at is null and d.type = p_type and not email_queue_private.is_paused(d.lane)
    and (d.frozen or not email_queue_private.is_closed(d.lane, p_closed));
  for v_hint in
    (select l.lane, l.priority, null::timestamptz as due_at from email_queue_private.lane as l
    where l.type = p_type and l.state = 'open' and (p_closed is null or l.lane <> all (p_closed) and split_part(l.lane, ':', 1) || ':' <> all (p_closed))
    order by l.priority, l.refused, l.turn nulls first, l.due_at, l.lane limit 1000)
    union all
    (select l.lane, l.priority, l.look_at from email_queue_private.lane as l
    where l.state = 'later' and l.type = p_type order by l.look_at limit 1000)
  loop
    v_looked := v_looked + (v_hint.due_at is null)::integer;
    exit when v_due <= greatest(v_now, v_hint.due_at);
    continue when email_queue_private.is_paused(v_hint.lane) or email_queue_private.is_closed(v_hint.lane, p_closed);
    v_due := least(v_due, (select r.run_at from email_queue_private.ready as r
      where r.type = p_type and r.lane = v_hint.lane and r.priority = v_hint.priority order by r.run_at limit 1));
  end loop;
  -- There may be more behind those: the next claim sets these aside.
  if v_looked = 1000 then
    v_due := least(v_due, v_now);
  end if;
  return case when v_due is not null then greatest(0, ceil(extract(epoch from v_due - clock_timestamp()) * 1000))::bigint end;
end
$$;
comment on function email_queue_private.next_due_ms(text, text[]) is 'Milliseconds until something of a type can be claimed; null if nothing waits.';
