create function email_queue_private.work(p_request jsonb) returns json
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting;
  v_settles jsonb[];
  v_begins jsonb[];
  v_nothing record;
  v_claim record;
  v_claim_error text;
  v_step text := 'lock';
  v_error text;
  v_stuck text;
  v_copy jsonb := email_queue_private.identity_obstacle(p_request);
  v_claims boolean := v_copy is null and jsonb_typeof(p_request -> 'claim') is not distinct from 'object';
  v_run jsonb := case when jsonb_typeof(p_request -> 'run') = 'object' then p_request -> 'run' end;
  v_run_ended boolean := false;
begin
  select '{}'::json[] as claims, case when v_copy ->> 'state' <> 'error' then v_copy end as obstacle, null::bigint as next_due_ms into v_nothing;
  v_claim := v_nothing;
  v_claim_error := case when v_copy ->> 'state' = 'error' then v_copy ->> 'reason' end;
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
  v_setting := email_queue_private.settings();
  -- All in one subtransaction: a row that one subtransaction locks and another one updates costs a MultiXact.
  begin
    perform email_queue_private.lock_named(p_request);
    v_step := 'settle';
    v_settles := email_queue_private.settle_all(p_request -> 'settles', false);
    v_step := 'claim';
    if v_claims then
      select * into v_claim from email_queue_private.claim(p_request -> 'claim', p_request -> 'begins', v_setting);
    end if;
    -- Last: from the first begin on, the pausing transaction waits for the end of this call.
    v_step := 'begin';
    v_begins := email_queue_private.begin_all(p_request -> 'begins', v_setting, v_copy, false, null);
  exception when query_canceled or others then
    if v_step = 'lock' or v_step = 'settle' and sqlstate = '57014' then
      raise;
    end if;
    -- Once more, with each settle, the claim and each begin by itself. What was waited for without success is not waited for again.
    v_error := sqlerrm;
    v_stuck := case when v_step = 'begin' and sqlstate in ('55P03', '57014') then sqlerrm end;
    perform email_queue_private.lock_named(p_request);
    v_settles := email_queue_private.settle_all(p_request -> 'settles', true);
    v_claim := v_nothing;
    if v_step = 'claim' then
      v_claim_error := v_error;
    elsif v_claims then
      begin
        select * into v_claim from email_queue_private.claim(p_request -> 'claim', p_request -> 'begins', v_setting);
      exception when query_canceled or others then
        v_claim_error := sqlerrm;
      end;
    end if;
    v_begins := email_queue_private.begin_all(p_request -> 'begins', v_setting, v_copy, true, v_stuck);
  end;
  if v_run is not null then
    -- As the run sees it: it goes on where something was claimed, or may be claimed in a moment.
    v_run_ended := email_queue_private.record_run(v_run, (v_run ->> 'last')::boolean is true and cardinality(v_claim.claims) = 0
      and v_claim.obstacle is null and v_claim_error is null and v_claim.next_due_ms is distinct from 0);
  end if;
  return json_build_object('settles', v_settles, 'begins', v_begins,
    'claims', v_claim.claims, 'obstacle', v_claim.obstacle, 'next_due_ms', v_claim.next_due_ms, 'claim_error', v_claim_error,
    'remaining', case when (p_request ->> 'count_remaining')::boolean then email_queue_private.remaining('email') end,
    'retry_ms', email_queue_private.backoff(v_setting),
    'now_ms', floor(extract(epoch from clock_timestamp()) * 1000),
    'wake_every_ms', case when v_run is not null then (email_queue_private.wiring_now()).wake_every_ms end, 'run_ended', v_run_ended);
end
$$;
comment on function email_queue_private.work(jsonb) is 'Settles, claims and begins in this order; a failure of one step leaves the others standing.';
