-- Settle: applies the worker's decision under its lease token.

-- p_settle: {dispatch_id, token, answer: definite|none|unknown, members: [{id, outcome: completed|failed, provider_message_id?,
-- reason?, error?}], rest: keep|freeze|split|release|retry|complete|fail, reason?, error?, delay_ms?, counted?, signals?}.
-- `rest` says what happens to the members that are not named. If counted is false, the attempt of this begin is given back.
-- Answers {dispatch_id, result: applied|already|lost|invalid, reason?}.
create function email_queue_private.settle_dispatch(p_settle jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_id uuid := (p_settle ->> 'dispatch_id')::uuid;
  v_token uuid := (p_settle ->> 'token')::uuid;
  v_fault text;
  v_done boolean;
  v_rest uuid[];
  v_named record;
  v_whole boolean;
  v_member record;
  v_delay bigint := (p_settle ->> 'delay_ms')::bigint;
begin
  select * into v_dispatch from email_queue_private.dispatch as d where d.id = v_id for update;
  if v_dispatch.token is null or v_dispatch.token is distinct from v_token or v_dispatch.visible_at <= clock_timestamp() then
    return jsonb_build_object('dispatch_id', v_id, 'result',
      case when v_dispatch.token is null and v_dispatch.last_token = v_token then 'already' else 'lost' end);
  end if;
  -- Its lease goes on after "keep", so the members tell whether that was done.
  if p_settle ->> 'rest' = 'keep' then
    select coalesce(bool_and(m.dispatch_id is not distinct from v_id), false) into v_done
    from jsonb_array_elements(p_settle -> 'members') as e left join email_queue_private.message as m on m.id = (e ->> 'id')::uuid;
    if v_done then
      return jsonb_build_object('dispatch_id', v_id, 'result', 'already');
    end if;
  end if;
  -- The members are read once.
  select coalesce(array_agg(s.id), '{}') as ids, coalesce(array_agg(s.outcome), '{}') as outcomes, array_agg(s.provider_message_id) as provider_ids into v_named
  from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text, provider_message_id text);
  v_whole := v_named.ids = v_dispatch.message_ids;
  -- Where every member is named after a definite answer, as mostly, nothing can be wrong.
  if not (v_whole and v_dispatch.begun and p_settle ->> 'answer' is not distinct from 'definite' and p_settle ->> 'rest' is null
    and v_named.outcomes <@ array['completed', 'failed'])
  then
    v_fault := email_queue_private.settle_fault(v_dispatch, p_settle, v_named.ids, v_named.outcomes);
    if v_fault is not null then
      return jsonb_build_object('dispatch_id', v_id, 'result', 'invalid', 'reason', v_fault);
    end if;
  end if;

  if email_queue_private.is_secret(v_dispatch.lane) then
    p_settle := email_queue_private.hide_texts(p_settle, not v_dispatch.begun and not v_dispatch.frozen);
  end if;
  if v_dispatch.begun and not coalesce((p_settle ->> 'counted')::boolean, true) then
    v_dispatch.attempt := v_dispatch.attempt - 1;
  end if;
  -- Not joined with the members: two lists of a hundred would be compared each with each.
  update email_queue_private.message as m
  set status = 'completed', completed_at = clock_timestamp(), dispatch_id = v_id, provider_message_id = s.provider_message_id,
    attempts = v_dispatch.member_attempts[case when v_whole then s.n else array_position(v_dispatch.message_ids, s.id) end] + v_dispatch.attempt,
    errors = case when v_dispatch.errors is not null or v_dispatch.member_errors is not null
      then email_queue_private.append_errors(v_dispatch.member_errors -> s.id::text, v_dispatch.errors) end
  from unnest(v_named.ids, v_named.outcomes, v_named.provider_ids) with ordinality as s(id, outcome, provider_message_id, n)
  where s.outcome = 'completed' and m.id = s.id and m.status is null;
  if found then
    -- The provider takes mail of this domain again.
    delete from email_queue_private.paused_domain as p where p.domain = split_part(v_dispatch.lane, ':', 2) and p.refusals > 0;
  end if;
  if 'failed' = any (v_named.outcomes) then
    for v_member in
      select s.reason, s.error, array_agg(s.id) as ids
      from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text, reason text, error jsonb)
      where s.outcome = 'failed' group by s.reason, s.error
    loop
      perform email_queue_private.fail_members(v_dispatch, v_member.ids, coalesce(v_member.reason, 'rejected'), v_member.error);
    end loop;
  end if;

  if not v_whole then
    select array_agg(u.id) into v_rest from unnest(v_dispatch.message_ids) as u(id) where u.id <> all (v_named.ids);
  end if;
  if v_rest is null then
    perform email_queue_private.close_dispatch(v_dispatch);
  else
    case p_settle ->> 'rest'
      when 'keep' then perform email_queue_private.drop_members(v_dispatch, v_named.ids);
      when 'freeze' then perform email_queue_private.freeze_dispatch(v_dispatch, p_settle -> 'error', v_delay);
      when 'split' then perform email_queue_private.split_dispatch(v_dispatch);
      when 'release' then perform email_queue_private.return_members(v_dispatch, v_rest, p_settle -> 'error', v_delay, false);
      when 'retry' then perform email_queue_private.retry_members(v_dispatch, v_rest, p_settle -> 'error', coalesce(v_delay, 0));
      when 'fail' then perform email_queue_private.fail_members(v_dispatch, v_rest,
        case when p_settle ->> 'answer' = 'unknown' then 'unknown_outcome' else coalesce(p_settle ->> 'reason', 'rejected') end, p_settle -> 'error');
      when 'complete' then
        update email_queue_private.message as m
        set status = 'completed', completed_at = clock_timestamp(), dispatch_id = v_id, attempts = e.attempts + v_dispatch.attempt,
          errors = email_queue_private.append_errors(e.errors, v_dispatch.errors)
        from email_queue_private.members(v_dispatch) as e where m.id = e.id and e.id = any (v_rest) and m.status is null;
    end case;
    if p_settle ->> 'rest' not in ('keep', 'freeze') then
      perform email_queue_private.close_dispatch(v_dispatch);
    end if;
  end if;
  if jsonb_typeof(p_settle -> 'signals') = 'object' then
    perform email_queue_private.apply_signals(v_dispatch, p_settle -> 'signals');
  end if;
  return jsonb_build_object('dispatch_id', v_id, 'result', 'applied');
end
$$;
comment on function email_queue_private.settle_dispatch(jsonb) is 'Applies a decision under the lease token; repeated, it answers "already".';
