-- The addresses are those of the payload; of a secret message those that are shown. Once both are gone, none is known.
create function email_queue_private.suppressed_of(p_message email_queue_private.message) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('address', s.address, 'reason', s.reason, 'topic', s.topic, 'since', s.since) order by s.since, s.reason), '[]'::jsonb)
  from email_queue_private.suppression as s
  where p_message.type = 'email' and s.removed_at is null
    and s.hash = any (email_queue_private.recipients(coalesce((select b.payload from email_queue_private.body as b where b.id = p_message.id),
      jsonb_build_object('to', p_message.recipients)), email_queue_private.hash_key()))
    and (s.topic is null or s.topic = p_message.topic) and (s.reason <> 'unsubscribe' or p_message.topic is not null)
$$;
comment on function email_queue_private.suppressed_of(email_queue_private.message) is 'The entries of the suppression list that concern a message.';
