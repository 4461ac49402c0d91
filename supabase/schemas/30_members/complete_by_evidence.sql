-- Failed messages, of which the provider reported something, were accepted.
create function email_queue_private.complete_by_evidence(p_ids uuid[]) returns uuid[]
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with completed as (
    update email_queue_private.message as m
    set status = 'completed', reason = null, completed_at = clock_timestamp(), provider_message_id = e.provider_message_id
    from unnest(p_ids) as i(id) cross join lateral email_queue_private.evidence_of(i.id, null) as e
    where m.id = i.id and m.status = 'failed'
    returning m.id
  )
  select coalesce(array_agg(c.id), '{}') from completed as c
$$;
comment on function email_queue_private.complete_by_evidence(uuid[]) is 'Completes those of failed messages that have evidence. Answers their ids.';
