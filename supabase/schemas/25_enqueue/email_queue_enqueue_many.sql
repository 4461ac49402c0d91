create function public.email_queue_enqueue_many(p_messages jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
begin
  if jsonb_typeof(p_messages) = 'array' and jsonb_array_length(p_messages) > {{MAX_ENQUEUE}} then
    perform email_queue_private.refuse('messages', 'must be at most {{MAX_ENQUEUE}} a call');
  end if;
  return coalesce(email_queue_private.enqueue_plain_many(p_messages), email_queue_private.enqueue(p_messages));
end
$$;
comment on function public.email_queue_enqueue_many(jsonb) is
  'Enqueues a list of objects, each with what email_queue_enqueue takes ({payload, type, ...}), all or none. Answers [{id, created}] in their order, as email_queue_enqueue does. An error names the message: field=messages[0].to.';
