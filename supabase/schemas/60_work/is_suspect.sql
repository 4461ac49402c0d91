-- A dispatch whose lease expired before it began may be what killed the worker. It is handed out alone, so that other dispatches do not
-- pay for it each time.
create function email_queue_private.is_suspect(p_dispatch email_queue_private.dispatch) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return p_dispatch.expired_unbegun > 0
    or p_dispatch.member_errors is not null and jsonb_path_exists(p_dispatch.member_errors, '$.*[*] ? (@.class == "crash")');
end
$$;
comment on function email_queue_private.is_suspect(email_queue_private.dispatch) is 'Whether a dispatch, or a member of it, may have ended a worker before.';
