create function public.email_queue_get(p_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
  select to_jsonb(q) || case when q.type = 'email' and q.completed_at is null then email_queue_private.connection_notice() else '{}' end
  from public.email_queue as q where q.id = p_id
$$;
comment on function public.email_queue_get(uuid) is 'One message as JSON; null if its id is unknown. An open e-mail has a notice if nothing calls the function.';
