-- What Unicode calls white space, without control characters.
create function email_queue_private.spaces() returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select ' ' || chr(160) || chr(5760) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198)
    || chr(8199) || chr(8200) || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8239) || chr(8287) || chr(12288)
$$;
comment on function email_queue_private.spaces() is 'What is trimmed from an address.';
