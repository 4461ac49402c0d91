-- enable_seqscan: a session of a pool may have planned the search by key when the table was empty, and it keeps that plan through a
-- transaction that fills the table.
create function public.email_queue_enqueue(
  p_payload jsonb, p_type text default 'email', p_priority integer default null, p_max_attempts integer default null,
  p_run_at timestamptz default null, p_delay_ms bigint default null, p_send_before timestamptz default null,
  p_dedup_key text default null, p_metadata jsonb default null, p_tags jsonb default null,
  p_topic text default null, p_ignore_suppression boolean default null, p_secret boolean default null
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
declare
  v_plain jsonb;
begin
  if p_type = 'email' and num_nulls(p_priority, p_max_attempts, p_run_at, p_delay_ms, p_send_before, p_dedup_key, p_metadata, p_tags, p_topic,
    p_ignore_suppression, p_secret) = 11
  then
    v_plain := email_queue_private.enqueue_plain(p_payload);
  end if;
  return coalesce(v_plain, email_queue_private.enqueue_one(jsonb_strip_nulls(jsonb_build_object(
    'type', p_type, 'priority', p_priority, 'max_attempts', p_max_attempts, 'run_at', p_run_at, 'delay_ms', p_delay_ms,
    'send_before', p_send_before, 'dedup_key', p_dedup_key, 'topic', p_topic,
    'ignore_suppression', p_ignore_suppression, 'secret', p_secret)) || jsonb_build_object('metadata', p_metadata, 'tags', p_tags), p_payload));
end
$$;
comment on function public.email_queue_enqueue(jsonb, text, integer, integer, timestamptz, bigint, timestamptz, text, jsonb, jsonb, text, boolean, boolean) is
  'Enqueues one message in the caller''s transaction. p_tags is the same as the payload''s tags. p_topic is what recipients can unsubscribe from; p_ignore_suppression sends to suppressed addresses, too. p_secret shows the payload to nobody, and erases it once the message has ended. Answers {id, created}; created is false if the dedup key was known. notice is there if nothing calls the function, and says what to do.';
