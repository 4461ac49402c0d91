-- Ends a dispatch. The row stays a while, so that a repeated settle is told "already"; its members are in the messages.
create function email_queue_private.close_dispatch(p_dispatch email_queue_private.dispatch) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if email_queue_private.is_secret(p_dispatch.lane) then
    perform email_queue_private.erase_secrets(p_dispatch.message_ids);
  end if;
  update email_queue_private.dispatch
  set settled_at = clock_timestamp(), updated_at = clock_timestamp(), last_token = coalesce(token, last_token), token = null,
    visible_at = null, begun = false, frozen = false, message_ids = '{}', member_attempts = '{}', member_errors = null, errors = null
  where id = p_dispatch.id;
end
$$;
comment on function email_queue_private.close_dispatch(email_queue_private.dispatch) is 'Marks a dispatch as settled.';
