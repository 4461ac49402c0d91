set standard_conforming_strings = on;

-- Dead letters: list, redrive, discard. A filter is {type, reason, since, until, text, metadata}: since and until bound the
-- time at which the message failed, text is looked for in its last error, metadata is contained in the message's own.
-- Bounded: each call takes at most 1000 messages.

-- What changes messages asks more of it than what lists them: {"metadata": {}} would be all that have any, and is what is left of
-- {order: undefined} in JavaScript; {"metadata": null} would be all, and is what a query that found nothing gives.
create function email_queue_private.check_filter(p_filter jsonb, p_changes boolean) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_filter jsonb := coalesce(nullif(p_filter, 'null'::jsonb), '{}'::jsonb);
  v_key text;
begin
  if jsonb_typeof(v_filter) <> 'object' then
    perform email_queue_private.refuse('filter', 'must be an object');
  end if;
  for v_key in select jsonb_object_keys(v_filter) loop
    if v_key not in ('type', 'reason', 'since', 'until', 'text', 'metadata') then
      perform email_queue_private.refuse(left('filter.' || v_key, 60), 'is not a filter: use type, reason, since, until, text or metadata');
    end if;
  end loop;
  if v_filter ->> 'reason' not in ('rejected', 'exhausted', 'unknown_outcome', 'expired') then
    perform email_queue_private.refuse('filter.reason', 'must be rejected, exhausted, unknown_outcome or expired');
  end if;
  perform email_queue_private.check_time('filter.since', v_filter ->> 'since');
  perform email_queue_private.check_time('filter.until', v_filter ->> 'until');
  perform email_queue_private.check_metadata('filter.metadata', nullif(v_filter -> 'metadata', 'null'::jsonb));
  if p_changes and v_filter -> 'metadata' in ('{}'::jsonb, 'null'::jsonb) then
    perform email_queue_private.refuse('filter.metadata', 'must name at least one key');
  end if;
  return v_filter;
end
$$;
comment on function email_queue_private.check_filter(jsonb, boolean) is 'A filter of dead letters, or an error that names the field.';

-- Oldest first, so that repeated calls of a bounded redrive get through all of them. strpos, not like: a text with % or _
-- means these. What has some metadata is found apart, all of it: a walk in the order of the ids could have to go through all
-- dead letters for it. A plan for the values of each call leaves out what they do not ask for.
create function email_queue_private.dead_letters(p_ids uuid[], p_filter jsonb, p_before uuid, p_newest boolean, p_limit integer)
returns setof email_queue_private.message
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  v_metadata jsonb := nullif(p_filter -> 'metadata', 'null'::jsonb);
begin
  return query select m.* from email_queue_private.message as m
  where m.reason is not null and m.status = 'failed' and (p_ids is null or m.id = any (p_ids)) and (p_before is null or m.id < p_before)
    and (p_filter ->> 'type' is null or m.type = p_filter ->> 'type')
    and (p_filter ->> 'reason' is null or m.reason = p_filter ->> 'reason')
    and (p_filter ->> 'since' is null or m.completed_at >= (p_filter ->> 'since')::timestamptz)
    and (p_filter ->> 'until' is null or m.completed_at < (p_filter ->> 'until')::timestamptz)
    and (p_filter ->> 'text' is null or strpos(lower(coalesce(m.errors ->> -1, '') collate "C"), lower((p_filter ->> 'text') collate "C")) > 0)
    and (v_metadata is null or m.id = any (array(
      select o.id from email_queue_private.message as o where o.metadata @> v_metadata and o.reason is not null and o.status = 'failed')))
  order by case when p_newest then m.id end desc, case when not p_newest then m.id end
  limit least(greatest(p_limit, 0), 1000);
end
$$;
comment on function email_queue_private.dead_letters(uuid[], jsonb, uuid, boolean, integer) is 'Failed messages that fit ids and filter.';

create function public.email_queue_dead_letters(p_filter jsonb default '{}', p_limit integer default 100, p_before uuid default null) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(to_jsonb(q) order by q.id desc), '[]'::jsonb) from public.email_queue as q
  where q.id = any (array(
    select d.id from email_queue_private.dead_letters(null, email_queue_private.check_filter(p_filter, false), p_before, true, p_limit) as d))
$$;
comment on function public.email_queue_dead_letters(jsonb, integer, uuid) is
  'Failed messages, newest first, at most 1000. p_filter: {type, reason, since, until, text, metadata}; p_before (an id) continues a page.';

-- Why a dead letter may not be sent again, or null; in words for SQL and for JavaScript, whose arguments have other names. p_payload is what would be sent.
create function email_queue_private.redrive_obstacle(p_message email_queue_private.message, p_payload jsonb, p_allow_duplicates boolean) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_message.reason = 'unknown_outcome' and not coalesce(p_allow_duplicates, false)
      then 'it may have been sent: redrive it with duplicates allowed'
    when p_payload is null then 'its payload was erased'
    when p_message.type = 'email' and (email_queue_private.sender_fault(p_payload -> 'from')).message is not null
      then 'its sender is refused: redrive it with another one'
  end;
end
$$;
comment on function email_queue_private.redrive_obstacle(email_queue_private.message, jsonb, boolean) is 'Why a dead letter may not be sent again; null where it may.';

-- Attempts start again, in a new dispatch with a new key. A send_before that has passed is dropped: whoever redrives wants
-- it sent. Messages that are asked for by id and are no dead letters are named with what they are.
-- p_from is the sender of the e-mails from now on: theirs was refused, for instance. A payload never changes otherwise, and a
-- dead letter that is redriven is a new message's equal: no request with the old payload will leave any more.
create function public.email_queue_redrive(
  p_ids uuid[] default null, p_filter jsonb default null, p_dry_run boolean default false,
  p_allow_duplicates boolean default false, p_limit integer default 1000, p_from text default null
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
      insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane, errors)
      values (v_message.id, clock_timestamp(), clock_timestamp(),
        case when v_message.send_before > clock_timestamp() then v_message.send_before end, v_message.bytes, v_message.priority,
        v_message.max_attempts, v_message.type,
        case when v_message.type = 'email' then email_queue_private.check_email(v_payload) else 'single:' end, v_message.errors);
      update email_queue_private.message as m
      set status = null, reason = null, completed_at = null, attempts = null, dispatch_id = null, errors = null, bytes = v_message.bytes,
        send_before = case when m.send_before > clock_timestamp() then m.send_before end
      where m.id = v_message.id;
    end if;
  end loop;
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
  'Puts dead letters back to be sent, at most 1000 a call; p_from gives the e-mails another sender. Answers {dry_run, redriven: [id], refused: [{id, reason}]}.';

create function public.email_queue_discard(
  p_ids uuid[] default null, p_filter jsonb default null, p_dry_run boolean default false, p_limit integer default 1000
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_filter jsonb := email_queue_private.check_filter(p_filter, true);
  v_ids uuid[];
begin
  if p_ids is null and p_filter is null then
    perform email_queue_private.refuse('ids', 'is missing: give ids, or a filter ({} for all dead letters)');
  end if;
  select coalesce(array_agg(m.id), array[]::uuid[]) into v_ids from (
    select m.id from email_queue_private.message as m
    where m.id = any (array(select d.id from email_queue_private.dead_letters(p_ids, v_filter, null, false, p_limit) as d))
      and m.status = 'failed'
    order by m.id for update
  ) as m;
  if not coalesce(p_dry_run, false) then
    delete from email_queue_private.body where id = any (v_ids);
    delete from email_queue_private.message where id = any (v_ids);
  end if;
  return jsonb_build_object('dry_run', coalesce(p_dry_run, false), 'discarded', to_jsonb(v_ids));
end
$$;
comment on function public.email_queue_discard(uuid[], jsonb, boolean, integer) is
  'Deletes dead letters for good, at most 1000 a call. Answers {dry_run, discarded: [id]}.';

call email_queue_private.apply_grants();
