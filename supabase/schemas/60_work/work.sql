create function email_queue_private.work(p_request jsonb) returns json
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_item jsonb;
  v_settles jsonb[] := array[]::jsonb[];
  v_begins jsonb[] := array[]::jsonb[];
  v_claim record;
  v_claim_error text;
  v_stuck text;
  v_copy jsonb := email_queue_private.identity_obstacle(p_request);
  v_run jsonb := case when jsonb_typeof(p_request -> 'run') = 'object' then p_request -> 'run' end;
  v_run_ended boolean := false;
begin
  select '{}'::json[] as claims, null::jsonb as obstacle, null::bigint as next_due_ms into v_claim;
  -- What claim and begin promise must survive a crash of the server, whatever the role's default is.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if p_request ? 'seed_sender' and (email_queue_private.sender_fault(p_request -> 'seed_sender')).message is null
    and (email_queue_private.settings()).default_sender is null
  then
    insert into email_queue_private.setting default values on conflict do nothing;
    update email_queue_private.setting set default_sender = p_request ->> 'seed_sender' where default_sender is null;
  end if;
  -- Before the claim: an enqueue after it may make a call again.
  if v_run ? 'quiet_ms' then
    perform email_queue_private.keep_quiet((v_run ->> 'quiet_ms')::bigint);
  end if;
  -- One lock order for all calls that name several dispatches.
  perform 1 from email_queue_private.dispatch as d
  where d.id in (
    select (e ->> 'dispatch_id')::uuid from jsonb_array_elements(p_request -> 'settles') as e
    union all
    select (e ->> 'dispatch_id')::uuid from jsonb_array_elements(p_request -> 'begins') as e)
  order by d.id for update;

  for v_item in select e from jsonb_array_elements(p_request -> 'settles') as e loop
    begin
      v_settles := v_settles || email_queue_private.settle_dispatch(v_item);
    exception when others then
      v_settles := v_settles || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'result', 'error', 'reason', sqlerrm);
    end;
  end loop;
  if v_copy ->> 'state' = 'error' then
    v_claim_error := v_copy ->> 'reason';
  elsif v_copy is not null then
    v_claim.obstacle := v_copy;
  elsif jsonb_typeof(p_request -> 'claim') = 'object' then
    begin
      select * into v_claim from email_queue_private.claim(p_request -> 'claim', p_request -> 'begins');
    exception when query_canceled or others then
      v_claim_error := sqlerrm;
    end;
  end if;
  -- Last: from the first begin on, the pausing transaction waits for the end of this call.
  -- After one has waited for such a pause without success, the others would too, until the statement's time is over and the settles
  -- are undone.
  for v_item in select e from jsonb_array_elements(p_request -> 'begins') as e loop
    begin
      v_begins := v_begins || case when v_copy is not null then v_copy || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id')
        when v_stuck is null then email_queue_private.begin_dispatch(v_item)
        else jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'state', 'error', 'reason', v_stuck) end;
    exception when query_canceled or others then
      v_stuck := case when sqlstate in ('55P03', '57014') then sqlerrm end;
      v_begins := v_begins || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'state', 'error', 'reason', sqlerrm);
    end;
  end loop;
  if v_run is not null then
    -- As the run sees it: it goes on where something was claimed, or may be claimed in a moment.
    v_run_ended := email_queue_private.record_run(v_run, (v_run ->> 'last')::boolean is true and cardinality(v_claim.claims) = 0
      and v_claim.obstacle is null and v_claim_error is null and v_claim.next_due_ms is distinct from 0);
  end if;
  return json_build_object('settles', v_settles, 'begins', v_begins,
    'claims', v_claim.claims, 'obstacle', v_claim.obstacle, 'next_due_ms', v_claim.next_due_ms, 'claim_error', v_claim_error,
    'remaining', case when (p_request ->> 'count_remaining')::boolean then email_queue_private.remaining('email') end,
    'retry_ms', email_queue_private.backoff(email_queue_private.settings()),
    'now_ms', floor(extract(epoch from clock_timestamp()) * 1000),
    'wake_every_ms', case when v_run is not null then (email_queue_private.wiring_now()).wake_every_ms end, 'run_ended', v_run_ended);
end
$$;
comment on function email_queue_private.work(jsonb) is 'Settles, claims and begins in this order; a failure of one step leaves the others standing.';
