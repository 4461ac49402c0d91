create function email_queue_private.describe_suppression(p_entry email_queue_private.suppression) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('id', p_entry.id, 'address', p_entry.address, 'reason', p_entry.reason, 'topic', p_entry.topic, 'since', p_entry.since,
    'event', p_entry.event, 'note', p_entry.note)
$$;
comment on function email_queue_private.describe_suppression(email_queue_private.suppression) is 'An entry as users read it.';
