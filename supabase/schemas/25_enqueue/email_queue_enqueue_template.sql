-- See email_queue_enqueue.
create function public.email_queue_enqueue_template(
  p_template text, p_to text default null, p_variables jsonb default null, p_language text default null, p_payload jsonb default '{}',
  p_priority integer default null, p_max_attempts integer default null, p_run_at timestamptz default null, p_delay_ms bigint default null,
  p_send_before timestamptz default null, p_dedup_key text default null, p_metadata jsonb default null, p_tags jsonb default null,
  p_topic text default null, p_ignore_suppression boolean default null, p_secret boolean default null
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
declare
  v_payload jsonb := coalesce(p_payload, '{}'::jsonb);
begin
  if p_template is null then
    perform email_queue_private.refuse('template', 'is missing');
  end if;
  if p_to is not null and jsonb_typeof(v_payload) = 'object' then
    if jsonb_typeof(v_payload -> 'to') <> 'null' then
      perform email_queue_private.refuse('to', 'is given in the payload too; give it once');
    end if;
    v_payload := v_payload || jsonb_build_object('to', p_to);
  end if;
  return email_queue_private.enqueue_one(jsonb_strip_nulls(jsonb_build_object(
    'template', p_template, 'language', p_language, 'priority', p_priority, 'max_attempts', p_max_attempts, 'run_at', p_run_at, 'delay_ms', p_delay_ms,
    'send_before', p_send_before, 'dedup_key', p_dedup_key, 'topic', p_topic, 'ignore_suppression', p_ignore_suppression, 'secret', p_secret))
    || jsonb_build_object('variables', p_variables, 'metadata', p_metadata, 'tags', p_tags), v_payload);
end
$$;
comment on function public.email_queue_enqueue_template(text, text, jsonb, text, jsonb, integer, integer, timestamptz, bigint, timestamptz, text, jsonb, jsonb, text, boolean, boolean) is
  'Enqueues an e-mail from a template (email_queue_template_put), in the language that fits p_language best: de-AT, de, then the default. p_payload has what else an e-mail has: from, cc, replyTo, headers, attachments, or "to" as a list. A variable that is missing is an error. The rest, and the answer, are email_queue_enqueue''s.';
