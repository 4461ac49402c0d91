create function email_queue_private.need_extension(p_name text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if not email_queue_private.has_extension(p_name) then
    perform email_queue_private.missing('the extension ' || p_name, email_queue_private.extension_remedy(p_name));
  end if;
end
$$;
comment on function email_queue_private.need_extension(text) is 'Raises 55000 unless an extension can be used.';
