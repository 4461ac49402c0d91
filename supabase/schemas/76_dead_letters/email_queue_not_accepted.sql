-- The caller has read the provider's own list, and these are not in it. An event of a message counts more than that.
create function public.email_queue_not_accepted(p_ids uuid[], p_dry_run boolean default false) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_message email_queue_private.message;
  v_obstacle text;
  v_ended uuid[] := array[]::uuid[];
  v_refused jsonb[] := array[]::jsonb[];
begin
  if p_ids is null or cardinality(p_ids) > {{MAX_PAGE}} then
    perform email_queue_private.refuse('ids', 'must be at most {{MAX_PAGE}} ids');
  end if;
  for v_message in
    select m.* from email_queue_private.message as m
    where m.id = any (p_ids) and m.status = 'failed' and m.reason = 'unknown_outcome' order by m.id for update
  loop
    v_obstacle := email_queue_private.arrival_obstacle(v_message);
    -- The lock is held: an event that was recorded before is seen here, and one that comes later completes the message.
    if exists (select 1 from email_queue_private.evidence_of(v_message.id, null)) then
      v_obstacle := 'it was accepted: the provider reported it';
      if not coalesce(p_dry_run, false) then
        perform email_queue_private.complete_by_evidence(array[v_message.id]);
      end if;
    end if;
    if v_obstacle is not null then
      v_refused := v_refused || jsonb_build_object('id', v_message.id, 'reason', v_obstacle);
      continue;
    end if;
    v_ended := v_ended || v_message.id;
    if not coalesce(p_dry_run, false) then
      update email_queue_private.message as m set reason = 'not_accepted' where m.id = v_message.id;
    end if;
  end loop;
  if v_ended <> '{}' and not coalesce(p_dry_run, false) then
    perform email_queue_private.note_action('not_accepted', cardinality(v_ended), email_queue_private.first_ids(v_ended));
  end if;
  select v_refused || coalesce(array_agg(jsonb_build_object('id', a.id, 'reason', 'it is no dead letter of an unknown outcome')), array[]::jsonb[]) into v_refused
  from unnest(p_ids) as a(id)
  where a.id <> all (v_ended) and not exists (select 1 from unnest(v_refused) as r where (r ->> 'id')::uuid = a.id);
  return jsonb_build_object('dry_run', coalesce(p_dry_run, false), 'not_accepted', to_jsonb(v_ended), 'refused', to_jsonb(v_refused));
end
$$;
comment on function public.email_queue_not_accepted(uuid[], boolean) is
  'For email-queue reconcile, which has read that the provider does not have them: dead letters unknown_outcome become not_accepted, at most {{MAX_PAGE}} a call, and can be redriven safely. Those that were reported, or may still arrive, are refused. Answers {dry_run, not_accepted: [id], refused: [{id, reason}]}.';
