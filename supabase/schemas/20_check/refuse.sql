create function email_queue_private.refuse(p_field text, p_message text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = '22023', message = format('email_queue: %s: %s', p_field, p_message),
    detail = format('field=%s', p_field);
end
$$;
comment on function email_queue_private.refuse(text, text) is 'Raises 22023 with the field''s name.';
