-- Gives up a dispatch that may have been sent.
create function email_queue_private.abandon_dispatch(p_dispatch email_queue_private.dispatch, p_error jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.fail_members(p_dispatch, p_dispatch.message_ids, 'unknown_outcome', p_error);
  perform email_queue_private.close_dispatch(p_dispatch);
end
$$;
comment on function email_queue_private.abandon_dispatch(email_queue_private.dispatch, jsonb) is 'Fails all members as unknown_outcome and ends the dispatch.';
