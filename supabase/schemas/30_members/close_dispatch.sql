-- Ends a dispatch. The row stays a while, so that a repeated settle is told "already"; its members are in the messages.
create function email_queue_private.close_dispatch(p_id uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.erase_secrets(d.message_ids) from email_queue_private.dispatch as d where d.id = p_id and email_queue_private.is_secret(d.lane);
  update email_queue_private.dispatch
  set settled_at = clock_timestamp(), updated_at = clock_timestamp(), last_token = coalesce(token, last_token), token = null,
    visible_at = null, begun = false, frozen = false, message_ids = '{}', member_attempts = '{}', member_errors = null, errors = null
  where id = p_id;
end
$$;
comment on function email_queue_private.close_dispatch(uuid) is 'Marks a dispatch as settled.';
