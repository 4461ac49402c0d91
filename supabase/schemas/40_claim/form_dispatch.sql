-- Forms a dispatch from one lane, beginning at a place, best priority first; null if other sessions have taken every row,
-- or if each turns out to have been accepted.
-- A dispatch of priority 0 has at most ten messages, and none of a lower priority. Messages all of whose recipients are suppressed end
-- here, and only here: what is in a dispatch may have been sent.
create function email_queue_private.form_dispatch(
  p_type text, p_lane text, p_priority smallint, p_from timestamptz, p_from_id uuid, p_token uuid, p_lease interval,
  p_max_messages integer, p_max_bytes integer, p_turn boolean
) returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_limit integer := case when p_lane like 'single:%' then 1 when p_priority = 0 then least({{MAX_URGENT}}, p_max_messages) else p_max_messages end;
  v_now timestamptz := clock_timestamp();
  v_from timestamptz := p_from;
  v_from_id uuid := coalesce(p_from_id, '00000000-0000-0000-0000-000000000000');
  v_more record;
  v_list record;
  v_wanted integer;
  v_passed integer := 0;
  v_redriven uuid[];
  v_gone email_queue_private.ready[];
begin
  select null::bytea as p_bits, null::uuid[] as p_fresh into v_list;
  if p_type = 'email' then
    v_list := email_queue_private.known_suppressions();
  end if;
  v_dispatch.message_ids := '{}';
  v_dispatch.bytes := 0;
  <<priorities>>
  for v_priority in p_priority..{{LAST_PRIORITY}} loop
    -- Suppressed messages leave places, which the next rows fill.
    loop
      v_wanted := v_limit - cardinality(v_dispatch.message_ids);
      with picked as materialized (
        select r.ctid as place, r.id, r.run_at, r.bytes, r.attempts, r.max_attempts, r.send_before, r.redriven, r.errors, r.recipients, r.topic,
          r.ignore_suppression
        from email_queue_private.ready as r
        where r.type = p_type and r.lane = p_lane and r.priority = v_priority and (r.run_at, r.id) >= (v_from, v_from_id) and r.run_at <= v_now
          and (r.send_before is null or r.send_before > v_now)
        order by r.run_at, r.id limit v_wanted for update skip locked
      ), judged as materialized (
        select p.*, case when v_list.p_fresh is not null and p.ignore_suppression is null
          then email_queue_private.suppressed_share(p.id, p.recipients, p.topic, v_list.p_bits, v_list.p_fresh) else 0 end as suppressed
        from picked as p
      ), fitting as materialized (
        -- The first message is taken whatever its size, or it would never go.
        select p.*, p.suppressed < 2 and count(*) filter (where p.suppressed < 2) over w = 1 and cardinality(v_dispatch.message_ids) = 0
          or v_dispatch.bytes + coalesce(sum(p.bytes) filter (where p.suppressed < 2) over w, 0) <= p_max_bytes as fits
        from judged as p window w as (order by p.run_at, p.id rows unbounded preceding)
      ), taken as (
        -- By place: a row of ready is never updated, and each look in the index would read two or three pages more.
        delete from email_queue_private.ready as r where r.ctid = any (array(select f.place from fitting as f where f.fits and f.suppressed < 2))
      )
      -- The window has put them into their order.
      select array_agg(f.id) filter (where f.suppressed < 2) as ids, array_agg(f.attempts) filter (where f.suppressed < 2) as attempts,
        sum(f.bytes) filter (where f.suppressed < 2)::integer as bytes, min(f.send_before) filter (where f.suppressed < 2) as send_before,
        max(f.max_attempts - f.attempts) filter (where f.suppressed < 2) as allowed,
        jsonb_object_agg(f.id, case when f.suppressed = 1 then email_queue_private.note_suppression(f.errors, f.attempts) else f.errors end)
          filter (where f.suppressed = 1 or f.suppressed = 0 and f.errors is not null) as errors,
        array_agg(f.id) filter (where f.redriven and f.suppressed < 2) as redriven, array_agg(f.place) filter (where f.suppressed = 2) as suppressed,
        count(*) as taken, (select count(*) from fitting) as found
      into v_more from fitting as f where f.fits;
      if v_more.suppressed is not null then
        with gone as (delete from email_queue_private.ready as r where r.ctid = any (v_more.suppressed) returning r.*)
        select array_agg(g::email_queue_private.ready) into v_gone from gone as g;
        perform email_queue_private.fail_ready(v_gone, 'suppressed',
          '{"class": "suppressed", "message": "Every recipient is on the suppression list."}');
        v_passed := v_passed + cardinality(v_more.suppressed);
      end if;
      if v_more.ids is not null then
        v_dispatch.priority := coalesce(v_dispatch.priority, v_priority);
        v_dispatch.message_ids := v_dispatch.message_ids || v_more.ids;
        v_dispatch.member_attempts := v_dispatch.member_attempts || v_more.attempts;
        v_redriven := v_redriven || v_more.redriven;
        v_dispatch.bytes := v_dispatch.bytes + v_more.bytes;
        v_dispatch.send_before := least(v_dispatch.send_before, v_more.send_before);
        v_dispatch.attempts_allowed := greatest(v_dispatch.attempts_allowed, v_more.allowed);
        v_dispatch.member_errors := coalesce(v_dispatch.member_errors || v_more.errors, v_dispatch.member_errors, v_more.errors);
      end if;
      exit priorities when cardinality(v_dispatch.message_ids) >= v_limit or v_more.found > v_more.taken or v_passed >= {{MAX_PASSED}};
      exit when v_more.suppressed is null or v_more.found < v_wanted;
    end loop;
    exit when v_dispatch.priority = 0;
    v_from := '-infinity';
    v_from_id := '00000000-0000-0000-0000-000000000000';
    v_limit := case when p_lane like 'single:%' then 1 else p_max_messages end;
  end loop;
  if cardinality(v_dispatch.message_ids) = 0 then
    return null;
  end if;
  insert into email_queue_private.dispatch (id, token, created_at, updated_at, visible_at, send_before, bytes, priority,
    attempts_allowed, type, lane, message_ids, member_attempts, member_errors, turn)
  values (email_queue_private.new_id(), p_token, v_now, v_now, v_now + p_lease, v_dispatch.send_before, v_dispatch.bytes,
    v_dispatch.priority, v_dispatch.attempts_allowed, p_type, p_lane, v_dispatch.message_ids, v_dispatch.member_attempts,
    v_dispatch.member_errors, p_turn and v_dispatch.priority = p_priority)
  returning * into v_dispatch;
  if v_redriven is not null then
    v_dispatch := email_queue_private.drop_accepted(v_dispatch, v_redriven);
  end if;
  return v_dispatch;
end
$$;
comment on function email_queue_private.form_dispatch(text, text, smallint, timestamptz, uuid, uuid, interval, integer, integer, boolean) is 'Forms one dispatch from the best ready messages of a lane.';
