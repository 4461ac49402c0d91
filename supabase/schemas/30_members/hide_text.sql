-- Of an error about a secret message. A provider's text may quote the payload, and so may its name for the error; p_own: the text is the
-- queue's own, which names fields and no values.
create function email_queue_private.hide_text(p_error jsonb, p_own boolean) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when jsonb_typeof(p_error) = 'object' then p_error
    || jsonb_build_object('message', case when p_own then email_queue_private.hide_credentials(p_error ->> 'message') end)
    || case when email_queue_private.hide_credentials(p_error ->> 'name') <> p_error ->> 'name' then jsonb_build_object('name', null) else '{}' end end
$$;
comment on function email_queue_private.hide_text(jsonb, boolean) is 'An error without what it could quote of a message.';
