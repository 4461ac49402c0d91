-- p_claim: {type, tokens: [uuid], lease_ms, max_messages, max_bytes, min_bytes, max_wait_ms, max_frozen}; p_begins: those of the same call, which
-- come after it.
create function email_queue_private.claim(
  p_claim jsonb, p_begins jsonb, p_setting email_queue_private.setting, out claims json[], out obstacle jsonb, out next_due_ms bigint
)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_type text := coalesce(p_claim ->> 'type', 'email');
  v_lease interval := least(greatest(coalesce((p_claim ->> 'lease_ms')::bigint, 60000), 1), {{MAX_LEASE_MS}}) * interval '1 millisecond';
  v_max_messages integer := least(greatest(coalesce((p_claim ->> 'max_messages')::integer, {{MAX_DISPATCH}}), 1), {{MAX_DISPATCH}});
  v_min_bytes bigint := greatest(coalesce((p_claim ->> 'min_bytes')::bigint, 1), 1);
  v_bytes_left bigint := least(coalesce((p_claim ->> 'max_bytes')::bigint, 8388608), {{MAX_CLAIM_BYTES}});
  v_budget email_queue_private.budget;
  v_token uuid;
  v_dispatch email_queue_private.dispatch;
  v_new boolean;
  v_more boolean;
  v_trouble boolean := false;
  v_mark text := email_queue_private.current_mark();
  v_replays integer := coalesce((p_claim ->> 'max_frozen')::integer, {{MAX_CLAIMS}});
begin
  claims := array[]::json[];
  perform email_queue_private.sweep();
  if v_type = 'email' then
    if v_mark is null then
      perform email_queue_private.mint_mark(true);
      v_mark := email_queue_private.current_mark();
    end if;
    v_budget := email_queue_private.budget_now();
    obstacle := email_queue_private.claim_obstacle(v_budget, p_setting, p_begins,
      coalesce((p_claim ->> 'max_wait_ms')::bigint, {{MAX_SLOT_WAIT_MS}}) * interval '1 millisecond');
  end if;
  v_new := obstacle is null;
  if v_new and v_type = 'email' and email_queue_private.in_trouble() then
    perform email_queue_private.lock_budget();
    perform email_queue_private.forget_quiet(clock_timestamp());
    v_trouble := email_queue_private.in_trouble();
  end if;
  -- The dispatch that a token already has is given again in any case; otherwise a repeated call would leave it to expire.
  for v_token in select t::uuid from jsonb_array_elements_text(p_claim -> 'tokens') as t limit {{MAX_CLAIMS}} loop
    v_more := v_new and v_bytes_left >= case cardinality(claims) when 0 then 1 else v_min_bytes end;
    v_dispatch := email_queue_private.claim_one(v_type, v_token, v_more, v_lease, v_max_messages, v_bytes_left::integer,
      v_trouble, v_replays);
    if v_dispatch.id is null then
      if v_trouble and v_more then
        obstacle := email_queue_private.closed_lanes(v_type, clock_timestamp());
      end if;
      v_new := false;
    else
      v_bytes_left := v_bytes_left - v_dispatch.bytes;
      claims := claims || email_queue_private.describe_dispatch(v_dispatch, v_mark);
      v_replays := v_replays - v_dispatch.frozen::integer;
      v_new := v_new and not (v_dispatch.expired_unbegun > 0 or v_dispatch.member_errors is not null and email_queue_private.is_suspect(v_dispatch));
    end if;
  end loop;
  if cardinality(claims) < jsonb_array_length(p_claim -> 'tokens') then
    next_due_ms := email_queue_private.next_due_ms(v_type,
      case when v_trouble then array(select c.scope from email_queue_private.closed_scopes(clock_timestamp(), null) as c) end);
  end if;
end
$$;
comment on function email_queue_private.claim(jsonb, jsonb, email_queue_private.setting) is 'Sweeps, then claims up to one dispatch for each token; says what keeps it from claiming, and when the next is due.';
