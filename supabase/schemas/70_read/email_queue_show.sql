create function public.email_queue_show(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
declare
  v_shown jsonb := public.email_queue_get(p_id);
  v_message email_queue_private.message;
begin
  select * into v_message from email_queue_private.message as m where m.id = p_id;
  return v_shown || jsonb_build_object('timeline', email_queue_private.timeline(v_message), 'can', email_queue_private.possible_actions(v_message),
    'suppressed', email_queue_private.suppressed_of(v_message));
end
$$;
comment on function public.email_queue_show(uuid) is
  'All about one message: what email_queue_get answers, and timeline: [{at, what, ...}], with what: enqueued, claimed, attempt, waits, accepted, event, ended; "at" is null for what is still to come; can: {cancel, redrive, discard, erase}, each null, or why not; suppressed: [{address, reason, topic, since}], the entries that keep mail like this from its recipients. Null if the id is unknown.';
