create function public.email_queue_get(p_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
  select to_jsonb(q) from public.email_queue as q where q.id = p_id
$$;
comment on function public.email_queue_get(uuid) is 'One message as JSON; null if its id is unknown.';
