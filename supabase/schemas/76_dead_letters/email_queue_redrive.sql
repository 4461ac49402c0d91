-- Attempts start again, in a new dispatch with a new key. A send_before that has passed is dropped,
-- because a redrive wants the message sent. Ids that are not dead letters are named with their state.
-- p_from is the sender of the e-mails from now on, for instance because theirs was refused. A payload never changes otherwise. It may
-- change here, because no request with the old payload will leave any more.
create function public.email_queue_redrive(
  p_ids uuid[] default null, p_filter jsonb default null, p_dry_run boolean default false,
  p_allow_duplicates boolean default false, p_limit integer default {{MAX_PAGE}}, p_from text default null
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_filter jsonb := email_queue_private.check_filter(p_filter, true);
  v_fault text := (email_queue_private.sender_fault(to_jsonb(p_from))).message;
  v_message email_queue_private.message;
  v_payload jsonb;
  v_obstacle text;
  v_redriven uuid[] := array[]::uuid[];
  v_refused jsonb[] := array[]::jsonb[];
begin
  if p_ids is null and p_filter is null then
    perform email_queue_private.refuse('ids', 'is missing: give ids, or a filter ({} for all dead letters)');
  end if;
  if p_from is not null and v_fault is not null then
    perform email_queue_private.refuse('from', v_fault);
  end if;
  for v_message in
    select m.* from email_queue_private.message as m
    where m.id = any (array(select d.id from email_queue_private.dead_letters(p_ids, v_filter, null, false, p_limit) as d))
      and m.status = 'failed'
    order by m.id for update
  loop
    v_payload := (select b.payload from email_queue_private.body as b where b.id = v_message.id);
    if v_message.type = 'email' and p_from is not null then
      v_payload := v_payload || jsonb_build_object('from', p_from);
    end if;
    v_obstacle := email_queue_private.redrive_obstacle(v_message, v_payload, p_allow_duplicates);
    -- The lock is held: an event that was recorded before is seen here; one that comes later sees the message redriven.
    if v_message.mark is not null and exists (select 1 from email_queue_private.evidence_of(v_message.id, null)) then
      v_obstacle := 'it was accepted: the provider reported it';
      if not coalesce(p_dry_run, false) then
        perform email_queue_private.complete_by_evidence(array[v_message.id]);
      end if;
    end if;
    if v_obstacle is not null then
      v_refused := v_refused || jsonb_build_object('id', v_message.id, 'reason', v_obstacle);
      continue;
    end if;
    v_redriven := v_redriven || v_message.id;
    if not coalesce(p_dry_run, false) then
      if v_message.type = 'email' and p_from is not null then
        v_message.bytes := octet_length(v_payload::text);
        delete from email_queue_private.body as b where b.id = v_message.id;
        insert into email_queue_private.body (id, payload) values (v_message.id, v_payload);
      end if;
      insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, redriven, type, lane, errors,
        topic, ignore_suppression)
      values (v_message.id, clock_timestamp(), clock_timestamp(),
        case when v_message.send_before > clock_timestamp() then v_message.send_before end, v_message.bytes, v_message.priority,
        v_message.max_attempts, v_message.mark is not null, v_message.type,
        case when v_message.type = 'email' then email_queue_private.check_email(v_payload) || case when v_message.secret then ':secret' else '' end else 'single:' end, v_message.errors,
        v_message.topic, v_message.ignore_suppression);
      update email_queue_private.message as m
      set status = null, reason = null, completed_at = null, redriven_at = clock_timestamp(), attempts = null, dispatch_id = null, errors = null, bytes = v_message.bytes,
        send_before = case when m.send_before > clock_timestamp() then m.send_before end
      where m.id = v_message.id;
    end if;
  end loop;
  if v_redriven <> '{}' and not coalesce(p_dry_run, false) then
    perform email_queue_private.note_action('redrive', cardinality(v_redriven), email_queue_private.first_ids(v_redriven)
      || email_queue_private.noted_filter(p_filter)
      || jsonb_build_object('allow_duplicates', nullif(p_allow_duplicates, false), 'new_sender', nullif(p_from is not null, false)));
  end if;
  select v_refused || coalesce(array_agg(jsonb_build_object('id', a.id, 'reason', case
      when q.id is null then 'there is no such message'
      when q.status = 'failed' then 'it does not fit the filter'
      else format('it is %s, not failed', q.status) end)), array[]::jsonb[]) into v_refused
  from unnest(p_ids) as a(id) left join public.email_queue as q on q.id = a.id
  where a.id <> all (v_redriven) and not exists (select 1 from unnest(v_refused) as r where (r ->> 'id')::uuid = a.id);
  return jsonb_build_object('dry_run', coalesce(p_dry_run, false), 'redriven', to_jsonb(v_redriven), 'refused', to_jsonb(v_refused));
end
$$;
comment on function public.email_queue_redrive(uuid[], jsonb, boolean, boolean, integer, text) is
  'Puts dead letters back to be sent, at most {{MAX_PAGE}} a call; p_from gives the e-mails another sender. Answers {dry_run, redriven: [id], refused: [{id, reason}]}.';
