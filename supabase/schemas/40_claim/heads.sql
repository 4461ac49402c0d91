-- Lanes with due mail, each in its best priority, as hints lead to them; without lanes of p_passed, of paused domains and of closed scopes.
-- Of few lanes all are found, and no hint changes. Of many (more) the first p_limit are whose turn it is. What a hint says of a lane is
-- never later than the truth, so those behind have no better claim. On the way hints that lead to nothing are set aside, and
-- those whose turn is past are put in their place.
create function email_queue_private.heads(
  p_type text, p_now timestamptz, p_closed text[] default null, p_limit integer default 2, p_passed text[] default null
) returns table (lane text, priority smallint, run_at timestamptz, last_at timestamptz, refused boolean, more boolean)
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_sort = off set jit = off
as $$
declare
  v_hint record;
  v_looked integer := 0;
  v_at integer;
  v_lanes text[] := array[]::text[];
  v_priorities smallint[];
  v_run_ats timestamptz[];
  v_last_ats timestamptz[];
  v_refused boolean[];
  v_idle bigint[] := array[]::bigint[];
  v_late bigint[] := array[]::bigint[];
begin
  more := exists (select 1 from email_queue_private.lane as l where l.type = p_type and l.state = 'open' offset 10);
  for v_hint in
    (select l.id, l.lane, l.priority, l.refused, l.turn, l.state from email_queue_private.lane as l
    where l.type = p_type and l.state = 'open' and (p_passed is null or l.lane <> all (p_passed))
      and (p_closed is null or l.lane <> all (p_closed) and split_part(l.lane, ':', 1) || ':' <> all (p_closed))
    order by l.priority, l.refused, l.turn nulls first, l.due_at, l.lane limit 1000)
    union all
    -- What is due since the sweep, where few are open.
    (select l.id, l.lane, l.priority, l.refused, l.turn, l.state from email_queue_private.lane as l
    where l.type = p_type and l.state = 'later' and (p_passed is null or l.lane <> all (p_passed))
      and not email_queue_private.is_closed(l.lane, p_closed)
    order by l.look_at limit 10)
  loop
    v_looked := v_looked + 1;
    v_at := array_position(v_lanes, v_hint.lane);
    if v_priorities[v_at] <= v_hint.priority then
      if v_priorities[v_at] = v_hint.priority and v_hint.state = 'open' then
        v_idle := v_idle || v_hint.id; -- One is enough.
      end if;
      continue;
    end if;
    select r.run_at into run_at from email_queue_private.ready as r
    where r.type = p_type and r.lane = v_hint.lane and r.priority = v_hint.priority order by r.run_at limit 1;
    if run_at is null or run_at > p_now or email_queue_private.is_paused(v_hint.lane) then
      if v_hint.state = 'open' then
        v_idle := v_idle || v_hint.id;
      end if;
      continue;
    end if;
    v_at := coalesce(v_at, cardinality(v_lanes) + 1);
    v_lanes[v_at] := v_hint.lane;
    v_priorities[v_at] := v_hint.priority;
    v_run_ats[v_at] := run_at;
    v_last_ats[v_at] := email_queue_private.last_dispatch_at(p_type, v_hint.lane);
    v_refused[v_at] := email_queue_private.is_refused(v_hint.lane);
    if v_refused[v_at] <> v_hint.refused or v_last_ats[v_at] > coalesce(v_hint.turn, '-infinity') then
      v_late := v_late || v_hint.id;
    end if;
    exit when more and cardinality(v_lanes) - cardinality(v_late) >= p_limit;
  end loop;
  if more and v_idle <> '{}' then
    perform email_queue_private.set_aside(v_idle, p_now);
  end if;
  if more and v_late <> '{}' then
    perform email_queue_private.note_turns(v_late);
  end if;
  for v_at in 1..cardinality(v_lanes) loop
    lane := v_lanes[v_at];
    priority := v_priorities[v_at];
    run_at := v_run_ats[v_at];
    last_at := v_last_ats[v_at];
    refused := v_refused[v_at];
    return next;
  end loop;
  if v_looked = 0 and p_passed is null and p_closed is null
    and exists (select 1 from email_queue_private.ready as r where r.type = p_type)
    and not exists (select 1 from email_queue_private.lane as l where l.type = p_type)
  then
    perform email_queue_private.mend_lanes();
    return query select * from email_queue_private.heads(p_type, p_now, p_closed, p_limit, '{}');
  end if;
end
$$;
comment on function email_queue_private.heads(text, timestamptz, text[], integer, text[]) is 'The first due row of lanes that are neither paused nor closed, in their turn.';
