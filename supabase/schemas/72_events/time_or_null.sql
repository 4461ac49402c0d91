create function email_queue_private.time_or_null(p_text text) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z$' then p_text::timestamptz end;
exception when data_exception then
  return null;
end
$$;
comment on function email_queue_private.time_or_null(text) is 'A time in RFC 3339 and UTC; null if the text is not one.';
