set standard_conforming_strings = on;

-- A consumer of one's own, for a type of one's own: the same leases, fencing and retries, one dispatch a message, begun at
-- once. Rate, pause and horizon are e-mail's.

create function public.email_queue_dequeue(p_types text[], p_tokens uuid[], p_visibility_ms bigint default 60000) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  v_lease interval := least(greatest(coalesce(p_visibility_ms, 60000), 1), 3600000) * interval '1 millisecond';
  v_token uuid;
  v_type text;
  v_dispatch email_queue_private.dispatch;
  v_results jsonb[] := array[]::jsonb[];
begin
  perform email_queue_private.check_sees_all();
  if coalesce(cardinality(p_types), 0) = 0 or array_position(p_types, null) is not null then
    perform email_queue_private.refuse('types', 'must name at least one type');
  end if;
  if exists (select 1 from unnest(p_types) as t where lower(btrim(t) collate "C") = 'email') then
    perform email_queue_private.refuse('types', 'must not name email: the function process-email-queue sends it');
  end if;
  if coalesce(cardinality(p_tokens), 0) not between 1 and 100 or array_position(p_tokens, null) is not null then
    perform email_queue_private.refuse('tokens', 'must be 1 to 100, one for each message wanted');
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform email_queue_private.sweep();
  foreach v_token in array p_tokens loop
    v_dispatch := null;
    foreach v_type in array p_types loop
      v_dispatch := email_queue_private.claim_one(v_type, v_token, true, v_lease, 1, 1073741824, false, 0);
      exit when v_dispatch.id is not null;
    end loop;
    exit when v_dispatch.id is null;
    update email_queue_private.dispatch as d
    set begun = true, attempt = d.attempt + 1, first_begun_at = coalesce(d.first_begun_at, clock_timestamp()), updated_at = clock_timestamp()
    where d.id = v_dispatch.id and not d.begun;
    v_results := v_results || (
      select jsonb_build_object('dispatch_id', v_dispatch.id, 'token', v_dispatch.token, 'message', to_jsonb(q))
      from public.email_queue as q where q.id = v_dispatch.message_ids[1]);
  end loop;
  return to_jsonb(v_results);
end
$$;
comment on function public.email_queue_dequeue(text[], uuid[], bigint) is
  'Leases up to one message for each token, of the first type that has any. Answers [{dispatch_id, token, message}]; repeated with the same tokens it gives the same messages. End each with email_queue_settle.';

-- Counted up to 100,000 each; completed messages are not counted, since that would read the history.
create function public.email_queue_stats() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with waiting as (
    select r.type, count(*) filter (where r.attempts = 0 and r.run_at <= statement_timestamp()) as pending,
      count(*) filter (where r.attempts = 0 and r.run_at > statement_timestamp()) as scheduled,
      count(*) filter (where r.attempts > 0) as retrying,
      min(r.run_at) filter (where r.run_at <= statement_timestamp()) as oldest
    from (select * from email_queue_private.ready limit 100000) as r group by r.type
  ), working as (
    select d.type, sum(cardinality(d.message_ids)) as processing, coalesce(sum(cardinality(d.message_ids)) filter (where d.frozen), 0) as frozen
    from email_queue_private.dispatch as d where d.settled_at is null group by d.type
  ), ended as (
    select m.type, count(*) filter (where m.status = 'failed') as failed, count(*) filter (where m.status = 'cancelled') as cancelled
    from (select * from email_queue_private.message as m where m.reason is not null limit 100000) as m group by m.type
  )
  select jsonb_build_object(
    'types', coalesce((
      select jsonb_object_agg(t.type, jsonb_build_object(
        'pending', coalesce(w.pending, 0), 'scheduled', coalesce(w.scheduled, 0), 'retrying', coalesce(w.retrying, 0),
        'processing', coalesce(p.processing, 0), 'frozen', coalesce(p.frozen, 0),
        'failed', coalesce(e.failed, 0), 'cancelled', coalesce(e.cancelled, 0),
        'oldest_due_seconds', floor(extract(epoch from statement_timestamp() - w.oldest))))
      from (select w.type from waiting as w union select p.type from working as p union select e.type from ended as e) as t
      left join waiting as w on w.type = t.type left join working as p on p.type = t.type left join ended as e on e.type = t.type), '{}'::jsonb),
    'paused', coalesce(email_queue_private.copy_pause(), case when b.paused_at is not null and (b.paused_until is null or b.paused_until > statement_timestamp())
      then jsonb_build_object('since', b.paused_at, 'until', b.paused_until, 'reason', b.pause_reason) end),
    'paused_domains', (
      select coalesce(jsonb_agg(jsonb_build_object('domain', d.domain, 'since', d.paused_at, 'until', d.paused_until, 'reason', d.reason) order by d.domain), '[]'::jsonb)
      from email_queue_private.paused_domain as d where d.paused_until is null or d.paused_until > statement_timestamp()),
    'cooldown', case when b.cooldown_until > statement_timestamp() then jsonb_build_object('until', b.cooldown_until, 'reason', b.cooldown_reason) end,
    'unknown_in_a_row', (select coalesce(max(w.streak), 0) from email_queue_private.breaker as w),
    'requests_per_second', email_queue_private.request_rate(b))
  from email_queue_private.budget_now() as b
$$;
comment on function public.email_queue_stats() is
  'Depth by type (counted up to 100,000), and what stands in the way: pause, paused domains, cooldown, unknown outcomes in a row.';

call email_queue_private.apply_grants();
