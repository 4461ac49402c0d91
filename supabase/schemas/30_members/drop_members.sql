-- Takes members out of an open dispatch that goes on with the rest.
create function email_queue_private.drop_members(p_dispatch email_queue_private.dispatch, p_ids uuid[]) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.dispatch as d
  set updated_at = clock_timestamp(), bytes = rest.bytes, send_before = rest.send_before, attempts_allowed = rest.allowed,
    message_ids = rest.ids, member_attempts = rest.attempts
  from (
    select array_agg(e.id order by e.ordinal) as ids, array_agg(e.attempts order by e.ordinal) as attempts,
      sum(m.bytes)::integer as bytes, min(m.send_before) as send_before,
      max(m.max_attempts - e.attempts)::smallint as allowed
    from email_queue_private.members(p_dispatch) as e
    join email_queue_private.message as m on m.id = e.id
    where e.id <> all (p_ids)
  ) as rest
  where d.id = p_dispatch.id;
  select email_queue_private.erase_secrets(p_ids) where email_queue_private.is_secret(p_dispatch.lane);
$$;
comment on function email_queue_private.drop_members(email_queue_private.dispatch, uuid[]) is 'Takes members out of a dispatch that keeps others.';
