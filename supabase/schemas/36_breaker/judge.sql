-- What an answer, or its absence, says about the lane and the endpoint of a dispatch. Only a first request counts.
create function email_queue_private.judge(p_dispatch email_queue_private.dispatch, p_answered boolean) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_endpoint text := email_queue_private.endpoint_of(p_dispatch.lane);
  v_scope text;
  v_general boolean;
  v_waited text[];
begin
  if p_answered is null or not p_dispatch.begun or p_dispatch.type <> 'email'
    or p_answered and not email_queue_private.in_trouble() or not p_answered and p_dispatch.frozen
  then
    return;
  end if;
  perform email_queue_private.lock_budget();
  if p_answered and p_dispatch.frozen then
    -- The key was known: that says little about a fresh one, which may try at once.
    update email_queue_private.breaker as b set wait_ms = 0, next_at = least(b.next_at, v_now)
    where b.scope in (p_dispatch.lane, v_endpoint) and b.next_at is not null;
    return;
  elsif p_answered then
    -- What froze while a scope got no answers does not wait out a backoff that grew meanwhile.
    v_waited := array(select b.scope from email_queue_private.breaker as b where b.scope in (p_dispatch.lane, v_endpoint) and b.streak >= {{BREAKER_ROW}});
    update email_queue_private.dispatch as d set visible_at = v_now + {{MAX_BREAKER_WAIT_MS}} * interval '1 millisecond'
    where cardinality(v_waited) > 0 and d.id in (
      select w.id from email_queue_private.dispatch as w
      where w.settled_at is null and w.token is null and w.type = 'email' and w.frozen and w.visible_at > v_now + {{MAX_BREAKER_WAIT_MS}} * interval '1 millisecond'
        and (w.lane = any (v_waited) or email_queue_private.endpoint_of(w.lane) = any (v_waited))
      for update skip locked);
    delete from email_queue_private.breaker as b where b.scope in (p_dispatch.lane, v_endpoint) and b.requests * 2 >= {{MAX_REQUESTS}} and b.size * 2 >= {{MAX_DISPATCH}};
    update email_queue_private.breaker as b
    set noted_at = v_now, streak = 0, wait_ms = 0, next_at = null, requests = least({{MAX_REQUESTS}}, b.requests * 2), size = least({{MAX_DISPATCH}}, b.size * 2)
    where b.scope in (p_dispatch.lane, v_endpoint);
    return;
  end if;
  -- An ailing domain says nothing about the others, as long as any of them is answered.
  select coalesce(bool_and(b.scope <> p_dispatch.lane), true)
    or bool_or(b.scope = v_endpoint) and bool_or(b.scope <> p_dispatch.lane and b.scope not like '%:')
  into v_general from email_queue_private.breaker as b where b.streak >= {{BREAKER_ROW}};
  foreach v_scope in array case when v_general then array[p_dispatch.lane, v_endpoint] else array[p_dispatch.lane] end loop
    insert into email_queue_private.breaker (scope) values (v_scope) on conflict do nothing;
    update email_queue_private.breaker as b
    set noted_at = v_now, streak = b.streak + 1,
      requests = case when b.streak >= {{BREAKER_ROW-1}} then 1 else greatest(1, b.requests / 2) end,
      -- One answer lost at random does not make every dispatch after it smaller.
      size = case when b.streak >= {{BREAKER_ROW-1}} then 1 when b.streak = 0 and b.size = {{MAX_DISPATCH}} then b.size else greatest(1, b.size / 2) end,
      wait_ms = case when b.streak >= {{BREAKER_ROW-1}} then w.ms else b.wait_ms end,
      next_at = case when b.streak >= {{BREAKER_ROW-1}} then v_now + w.ms * interval '1 millisecond' else b.next_at end
    from (
      select least({{MAX_BREAKER_WAIT_MS}}, greatest({{MIN_BREAKER_WAIT_MS}}, 2 * max(o.wait_ms))) as ms from email_queue_private.breaker as o
      where o.scope = v_scope or v_scope like '%:' and o.scope like '%:' and o.streak >= {{BREAKER_ROW}}) as w
    -- What was under way when the row was full says nothing new.
    where b.scope = v_scope and (b.streak < {{BREAKER_ROW}} or b.next_at is null or p_dispatch.first_begun_at >= b.next_at);
    -- An endpoint that stops is a reason to ask the others with care: one request at a time, and one more without an answer
    -- makes them wait too.
    insert into email_queue_private.breaker (scope, streak, requests)
    select o.scope, {{BREAKER_ROW-1}}, 1 from unnest(array['batch:', 'single:']) as o(scope)
    where found and v_scope like '%:' and o.scope <> v_scope
      and (select b.streak from email_queue_private.breaker as b where b.scope = v_scope) = {{BREAKER_ROW}}
    on conflict (scope) do update set noted_at = v_now, streak = {{BREAKER_ROW-1}}, requests = 1 where breaker.streak < {{BREAKER_ROW}};
  end loop;
end
$$;
comment on function email_queue_private.judge(email_queue_private.dispatch, boolean) is 'Opens, widens and narrows the circuit breaker.';
