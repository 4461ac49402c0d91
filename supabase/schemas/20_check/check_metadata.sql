-- Metadata of a message, or what messages are searched for; null passes.
create function email_queue_private.check_metadata(p_field text, p_metadata jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_metadata) <> 'object' then
    perform email_queue_private.refuse(p_field, 'must be an object');
  end if;
  perform email_queue_private.check_json(p_field, p_metadata);
  -- As text: the client measures it too, and before the first of several calls.
  if octet_length(p_metadata::text) > {{MAX_METADATA}} then
    perform email_queue_private.refuse(p_field, 'must be at most 16 kB');
  end if;
end
$$;
comment on function email_queue_private.check_metadata(text, jsonb) is 'Checks metadata, or a search for it.';
