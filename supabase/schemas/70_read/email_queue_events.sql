create function public.email_queue_events(p_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
  select coalesce(jsonb_agg(to_jsonb(n) order by n.occurred_at, n.received_at, n.type, n.recipient), '[]'::jsonb) from (
    select e.type, case when position('@' in e.recipient) > 0 then e.recipient end as recipient, e.occurred_at, e.received_at, e.detail
    from email_queue_private.event as e where e.message_id = p_id
    order by e.occurred_at, e.received_at, e.type, e.recipient limit {{MAX_PAGE}}) as n
$$;
comment on function public.email_queue_events(uuid) is
  'What the provider reported about a message, oldest first, at most {{MAX_PAGE}}: [{type, recipient, occurred_at, received_at, detail}]. recipient is null if the message was erased.';
