create function public.email_queue_known_events(p_ids text[]) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
  select coalesce(jsonb_agg(distinct e.svix_id), '[]'::jsonb) from email_queue_private.event as e where e.svix_id = any (p_ids)
$$;
comment on function public.email_queue_known_events(text[]) is 'Those of these ids (svix-id) whose events are recorded, as a JSON list: email-queue reconcile reads the others from the provider.';
