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
  -- Of many lanes only those whose turn is next are looked at. In trouble all are.
  v_limit integer := case when not p_trouble then {{LANES_A_CLAIM}} end;
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
  if p_trouble then
    v_closed := array(select c.scope from email_queue_private.closed_scopes(v_now, null) as c);
    v_first := email_queue_private.lanes_in_turn(array(select distinct h.lane from email_queue_private.heads(p_type, v_now, v_closed) as h));
  end if;
  loop
    select array_agg(h.lane), array_agg(h.priority), array_agg(h.run_at), array_agg(h.refused) into v_lanes, v_priorities, v_run_ats, v_refused
    from email_queue_private.heads(p_type, v_now, v_closed, v_limit, coalesce(v_after, '')) as h;
    if v_after is null and cardinality(v_lanes) >= v_limit and (select count(*) from unnest(v_refused) as r where not r) >= v_limit then
      v_after := email_queue_private.last_lane(p_type, v_priorities[1]);
      v_limit := case when v_after is not null then v_limit end;
      continue when v_after <> '' or v_limit is null;
    end if;
    -- Most queues have one lane, and no dispatch that waits: there is nothing to choose from.
    if cardinality(v_lanes) = 1 and v_tried = '{}' and not p_trouble and not exists (
      -- In the order of its index, which has waiting ones only.
      select 1 from (select d.id from email_queue_private.dispatch as d where d.settled_at is null and d.token is null and d.type = p_type
        order by d.priority, d.visible_at, d.id limit 1) as waiting)
    then
      v_tried := v_lanes;
      v_dispatch := email_queue_private.form_dispatch(p_type, v_lanes[1], v_priorities[1], v_run_ats[1], null, p_token, p_lease,
        p_max_messages, p_max_bytes);
      if v_dispatch.id is not null then
        return v_dispatch;
      end if;
    end if;
    select null::smallint as priority, null::timestamptz as run_at, null::uuid as id into v_place;
    for v_head in
      select c.* from (
        select null::text as lane, d.id, d.priority, case when d.frozen then 0 else 1 + email_queue_private.is_refused(d.lane)::integer end as kind,
          case when not d.frozen then email_queue_private.last_dispatch_at(p_type, d.lane) end as last_at, d.visible_at as since, false as first
        from generate_series(0, {{LAST_PRIORITY}}) as p(priority) cross join lateral (
          select d.id, d.priority, d.visible_at, d.frozen, d.lane from email_queue_private.dispatch as d
          where d.settled_at is null and d.token is null and d.type = p_type and d.priority = p.priority
            and d.visible_at <= v_now and not email_queue_private.is_paused(d.lane)
            -- More replays than their share would still hold all places when a lane opens that is closed now.
            and case when d.frozen then p_replays > 0 or not exists (select 1 from email_queue_private.heads(p_type, v_now, null, 1) as h)
              else not email_queue_private.is_closed(d.lane, v_closed) end
          order by d.visible_at, d.id limit {{MAX_CLAIMS}}
        ) as d
        union all
        select h.lane, null, h.priority, case when f.first then 1 else 1 + h.refused::integer end, l.last_at, h.run_at, f.first
        from unnest(v_lanes, v_priorities, v_run_ats, v_refused) as h(lane, priority, run_at, refused) cross join lateral (select coalesce(h.lane = any (v_first), false)) as f(first)
        cross join lateral (select case when not f.first then email_queue_private.last_dispatch_at(p_type, h.lane) end) as l(last_at)
      ) as c order by case when c.first then 0 else c.priority end, c.kind, c.last_at nulls first, c.lane is not null,
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
          case when p_trouble then least(p_max_messages, email_queue_private.size_of(v_head.lane)) else p_max_messages end, p_max_bytes);
        if p_trouble and v_dispatch.id is not null then
          perform email_queue_private.count_try(v_head.lane);
        end if;
      end if;
      if v_dispatch.id is not null then
        return v_dispatch;
      end if;
    end loop;
    -- Others have taken the rows of all of these.
    exit when v_limit is null or v_tried = '{}';
    v_limit := null;
    v_after := '';
  end loop;
  return null;
end
$$;
comment on function email_queue_private.claim_one(text, uuid, boolean, interval, integer, integer, boolean, integer) is 'Claims one dispatch: frozen ones before others of the same priority, then lanes in turns.';
