-- Claim: hand out due dispatches and form new ones.

-- One dispatch under the caller's token: the one that the token already has or, if p_new allows it, a due or a new one.
create function email_queue_private.claim_one(
  p_type text, p_token uuid, p_new boolean, p_lease interval, p_max_messages integer, p_max_bytes integer, p_trouble boolean, p_replays integer
) returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_head record;
  v_place record;
  v_now timestamptz;
  v_closed text[];
  v_first text[];
  -- Of many lanes only those whose turn is next are looked at, in the best priority that has any; in trouble more of them, in all priorities.
  v_wide boolean := p_trouble;
  v_limit integer := case when p_trouble then {{LANES_A_LOOK}} else 2 end;
  v_waiting boolean;
  -- There may be more lanes than were looked at: they come in the order of the round. Otherwise the one whose last dispatch is oldest comes first.
  v_many boolean;
  v_fresh integer;
  v_last_at timestamptz;
  v_after text;
  v_lanes text[];
  v_priorities smallint[];
  v_run_ats timestamptz[];
  v_refused boolean[];
  v_tried text[] := array[]::text[];
begin
  -- A call repeated while the first one still runs waits for it here, and finds its dispatch.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('email_queue claim ' || p_token::text, 0));
  select * into v_dispatch from email_queue_private.dispatch as d where d.token = p_token;
  if v_dispatch.id is not null or not p_new then
    return v_dispatch;
  end if;
  v_now := clock_timestamp();
  -- In the order of its index, which has waiting ones only.
  v_waiting := exists (select 1 from (select d.id from email_queue_private.dispatch as d where d.settled_at is null and d.token is null and d.type = p_type
    order by d.priority, d.visible_at, d.id limit 1) as waiting);
  if p_trouble then
    v_closed := array(select c.scope from email_queue_private.closed_scopes(v_now, null) as c);
  end if;
  loop
    if v_wide then
      select array_agg(h.lane), array_agg(h.priority), array_agg(h.run_at), array_agg(h.refused) into v_lanes, v_priorities, v_run_ats, v_refused
      from generate_series(0, {{LAST_PRIORITY}}) as p(n) cross join lateral email_queue_private.heads(
        p_type, v_now, v_closed, v_limit, email_queue_private.last_lane(p_type, p.n), p.n) as h;
      if p_trouble then
        v_first := email_queue_private.lanes_in_turn(array(select distinct l from unnest(v_lanes) as l));
      end if;
    else
      select array_agg(h.lane), array_agg(h.priority), array_agg(h.run_at), array_agg(h.refused) into v_lanes, v_priorities, v_run_ats, v_refused
      from email_queue_private.heads(p_type, v_now, null, v_limit, coalesce(v_after, '')) as h;
      if v_after is null and email_queue_private.may_be_more(v_refused, v_limit) then
        v_limit := {{LANES_A_CLAIM}};
        v_after := email_queue_private.last_lane(p_type, v_priorities[1]);
        continue;
      end if;
    end if;
    v_many := email_queue_private.may_be_more(v_refused, v_limit);
    if v_many and v_waiting then
      -- Of one that was not refused, if there is any: refused ones have no turns then. A sender without a turn has waited since its mail was due.
      v_fresh := coalesce(array_position(v_refused, false), 1);
      v_last_at := coalesce(email_queue_private.last_dispatch_at(p_type, v_lanes[v_fresh], v_priorities[v_fresh]), v_run_ats[v_fresh]);
    end if;
    -- Most queues have one lane, and no dispatch that waits: there is nothing to choose from.
    if cardinality(v_lanes) = 1 and v_tried = '{}' and not p_trouble and not v_waiting then
      v_tried := v_lanes;
      v_dispatch := email_queue_private.form_dispatch(p_type, v_lanes[1], v_priorities[1], v_run_ats[1], null, p_token, p_lease,
        p_max_messages, p_max_bytes, true);
      if v_dispatch.id is not null then
        return v_dispatch;
      end if;
    end if;
    select null::smallint as priority, null::timestamptz as run_at, null::uuid as id into v_place;
    for v_head in
      select c.* from (
        select null::text as lane, d.id, d.priority, case when d.frozen then 0 else 1 + email_queue_private.is_refused(d.lane)::integer end as kind,
          case when not d.frozen then email_queue_private.last_dispatch_at(p_type, d.lane, d.priority) end as last_at, d.visible_at as since, false as first, null::bigint as place
        from generate_series(0, {{LAST_PRIORITY}}) as p(priority) cross join lateral (
          select d.id, d.priority, d.visible_at, d.frozen, d.lane from email_queue_private.dispatch as d
          where v_waiting and d.settled_at is null and d.token is null and d.type = p_type and d.priority = p.priority
            and d.visible_at <= v_now and not email_queue_private.is_paused(d.lane)
            -- More replays than their share would still hold all places when a lane opens that is closed now.
            and case when d.frozen then p_replays > 0 or not exists (select 1 from email_queue_private.heads(p_type, v_now, null, 1) as h)
              else not email_queue_private.is_closed(d.lane, v_closed) end
          order by d.visible_at, d.id limit {{MAX_CLAIMS}}
        ) as d
        union all
        select h.lane, null, h.priority, case when f.first then 1 else 1 + h.refused::integer end, l.last_at, h.run_at, f.first, case when v_many then h.place end
        from unnest(v_lanes, v_priorities, v_run_ats, v_refused) with ordinality as h(lane, priority, run_at, refused, place) cross join lateral (select coalesce(h.lane = any (v_first), false)) as f(first)
        cross join lateral (
          select case when f.first then null when v_many then v_last_at else email_queue_private.last_dispatch_at(p_type, h.lane, h.priority) end) as l(last_at)
      ) as c order by case when c.first then 0 else c.priority end, c.kind, c.last_at nulls first, c.lane is not null, c.place,
        case when c.first then '-infinity' else c.since end, c.lane collate "C", c.priority, c.id
    loop
      continue when v_head.lane = any (v_tried);
      if v_head.lane is null then
        v_dispatch := email_queue_private.take_dispatch(v_head.id, p_token, p_lease, v_now);
      else
        v_tried := v_tried || v_head.lane;
        if p_trouble then
          select * into v_place from email_queue_private.place_in_turn(p_type, v_head.lane, v_now);
        end if;
        v_dispatch := email_queue_private.form_dispatch(p_type, v_head.lane, coalesce(v_place.priority, v_head.priority),
          coalesce(v_place.run_at, v_head.since), v_place.id, p_token, p_lease,
          case when p_trouble then least(p_max_messages, email_queue_private.size_of(v_head.lane)) else p_max_messages end, p_max_bytes,
          not v_head.first and coalesce(v_place.priority = v_head.priority, true));
        if p_trouble and v_dispatch.id is not null then
          perform email_queue_private.count_try(v_head.lane);
        end if;
      end if;
      if v_dispatch.id is not null then
        return v_dispatch;
      end if;
    end loop;
    exit when v_tried = '{}' or v_wide and not v_many;
    -- Others have taken the rows of all of these.
    v_limit := case when v_wide then v_limit * {{LANES_A_LOOK}} else {{LANES_A_LOOK}} end;
    v_wide := true;
  end loop;
  return null;
end
$$;
comment on function email_queue_private.claim_one(text, uuid, boolean, interval, integer, integer, boolean, integer) is 'Claims one dispatch: frozen ones before others of the same priority, then lanes in turns.';
