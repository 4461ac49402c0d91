-- Of a provider's error about a secret message: it may quote the payload.
create function email_queue_private.hide_text(p_error jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when jsonb_typeof(p_error) = 'object' then p_error || '{"message": null}' end
$$;
comment on function email_queue_private.hide_text(jsonb) is 'An error without its text.';
