-- For a custom consumer of a custom type: the same leases, fencing and retries, one dispatch a message, begun at
-- once. Rate, pause and horizon concern e-mail only.

create function public.email_queue_dequeue(p_types text[], p_tokens uuid[], p_visibility_ms bigint default 60000) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  v_lease interval := least(greatest(coalesce(p_visibility_ms, 60000), 1), {{MAX_LEASE_MS}}) * interval '1 millisecond';
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
  if coalesce(cardinality(p_tokens), 0) not between 1 and {{MAX_DEQUEUE}} or array_position(p_tokens, null) is not null then
    perform email_queue_private.refuse('tokens', 'must be 1 to {{MAX_DEQUEUE}}, one for each message wanted');
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform email_queue_private.sweep();
  foreach v_token in array p_tokens loop
    v_dispatch := null;
    foreach v_type in array p_types loop
      v_dispatch := email_queue_private.claim_one(v_type, v_token, true, v_lease, 1, {{MAX_CLAIM_BYTES}}, false, 0);
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
