-- Lock order: messages, then what was inserted. Events of one message share its lock (for key share), which completing it does not need.
-- What ends a message without knowing its outcome takes the lock alone (fail_members), so it sees the event, or the event sees the end.
create function public.email_queue_record_events(p_events jsonb, p_refused integer default 0) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_mark text := email_queue_private.current_mark();
  v_clients boolean := (email_queue_private.settings()).record_clients;
  v_event jsonb;
  v_n integer;
  v_type text;
  v_results text[] := array[]::text[];
  v_reasons text[] := array[]::text[];
  v_ids uuid[] := array[]::uuid[];
  v_locked email_queue_private.message[];
  v_locked_ids uuid[];
  v_message email_queue_private.message;
  v_seen text[];
  v_rows email_queue_private.event[] := array[]::email_queue_private.event[];
  v_new text[];
begin
  perform email_queue_private.check_sees_all();
  if coalesce(jsonb_typeof(p_events), 'null') <> 'array' or jsonb_array_length(p_events) > {{MAX_RECORDED}} then
    perform email_queue_private.refuse('events', 'must be a list of at most {{MAX_RECORDED}}');
  end if;
  -- The provider is told that it need not repeat them.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;

  for v_event, v_n in select e.e, e.n from jsonb_array_elements(p_events) with ordinality as e(e, n) loop
    v_type := v_event ->> 'type';
    v_reasons[v_n] := email_queue_private.event_fault(v_event);
    if v_reasons[v_n] is not null then
      v_results[v_n] := 'invalid';
    elsif not email_queue_private.is_outbound(v_type) and v_type not in ('suppression.added', 'suppression.removed') then
      v_results[v_n] := 'ignored';
      v_reasons[v_n] := 'no e-mail that was sent has events of this type';
    else
      v_ids[v_n] := coalesce((v_event ->> 'message_id')::uuid, email_queue_private.message_of_email(v_event ->> 'provider_message_id', (v_event ->> 'occurred_at')::timestamptz));
    end if;
  end loop;
  v_locked := array(select m from (
    select o.* from email_queue_private.message as o where o.id = any (v_ids) and o.type = 'email' order by o.id for key share) as m);
  v_locked_ids := array(select m.id from unnest(v_locked) with ordinality as m order by m.ordinality);
  v_seen := array(select distinct e.svix_id from email_queue_private.event as e
    where e.svix_id = any (array(select i.e ->> 'id' from jsonb_array_elements(p_events) as i(e))));

  for v_event, v_n in select e.e, e.n from jsonb_array_elements(p_events) with ordinality as e(e, n) loop
    continue when v_results[v_n] is not null;
    v_message := v_locked[array_position(v_locked_ids, v_ids[v_n])];
    if v_event ->> 'id' = any (v_seen) then
      v_results[v_n] := 'known';
    elsif v_message.id is null and (v_ids[v_n] is not null or v_event ->> 'provider_message_id' is not null) then
      v_results[v_n] := 'foreign';
      v_reasons[v_n] := 'there is no such message';
    elsif v_message.id is not null and not email_queue_private.is_ours(v_message, v_event ->> 'mark', v_mark, v_event ->> 'provider_message_id') then
      v_results[v_n] := 'foreign';
      v_reasons[v_n] := 'another installation sent it';
    else
      v_seen := v_seen || (v_event ->> 'id');
      v_rows := v_rows || array(
        select row(v_event ->> 'id', r.n, v_event ->> 'type', coalesce(v_event ->> 'provider_message_id', ''),
          -- Of an erased message no address is kept again.
          case when v_message.bytes = 0 then email_queue_private.recipient_hash(r.recipient) else r.recipient end, (v_event ->> 'occurred_at')::timestamptz, v_now, v_message.id, v_event ->> 'mark',
          email_queue_private.shown_detail(v_event, v_message, v_clients))::email_queue_private.event
        from (
          select a.recipient, a.n - 1 as n from jsonb_array_elements_text(nullif(v_event -> 'recipients', 'null'::jsonb)) with ordinality as a(recipient, n)
          union all
          select '', 0 where coalesce(jsonb_array_length(nullif(v_event -> 'recipients', 'null'::jsonb)), 0) = 0
        ) as r);
    end if;
  end loop;

  -- In one order: two calls with the same events would otherwise wait for each other.
  with inserted as (
    insert into email_queue_private.event
    select r.* from unnest(v_rows) as r order by r.provider_message_id, r.type, r.recipient, r.occurred_at
    on conflict do nothing returning svix_id
  )
  select coalesce(array_agg(distinct i.svix_id), '{}') into v_new from inserted as i;
  for v_message in
    select m.* from unnest(v_locked) as m
    where exists (select 1 from unnest(v_rows) as r where r.message_id = m.id and r.svix_id = any (v_new) and email_queue_private.is_outbound(r.type))
    order by m.id
  loop
    perform email_queue_private.apply_evidence(v_message);
  end loop;

  -- By address: two calls that suppress the same addresses do it in one order.
  for v_event, v_n in
    select e.e, e.n from jsonb_array_elements(p_events) with ordinality as e(e, n) order by (e.e -> 'recipients')::text collate "C", e.n
  loop
    continue when v_results[v_n] is not null;
    v_results[v_n] := case when v_event ->> 'id' = any (v_new) then 'recorded' else 'known' end;
    if v_results[v_n] = 'recorded' then
      perform email_queue_private.react_to_event(v_event, v_locked[array_position(v_locked_ids, v_ids[v_n])], v_clients);
    end if;
  end loop;
  perform email_queue_private.note_stream(jsonb_array_length(p_events) > 0, p_refused);
  return jsonb_build_object('results', (
    select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', e.e -> 'id', 'result', v_results[e.n], 'reason', v_reasons[e.n])) order by e.n), '[]'::jsonb)
    from jsonb_array_elements(p_events) with ordinality as e(e, n)));
end
$$;
comment on function public.email_queue_record_events(jsonb, integer) is
  'Records what the provider reports of e-mails, at most {{MAX_RECORDED}} events: [{id, type, occurred_at, provider_message_id, message_id, mark, recipients, detail}]. p_refused is how many requests had a wrong signature. Answers {results: [{id, result: recorded|known|foreign|ignored|invalid, reason?}]}.';
