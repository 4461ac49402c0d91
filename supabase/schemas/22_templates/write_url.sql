-- p_where: the whole of an address, a part of it, or behind its question mark (query). Null: no address that may be followed. A program in
-- a link (javascript:) would come from the person who chose the value.
create function email_queue_private.write_url(p_value text, p_where text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when char_length(p_value) > {{MAX_URL_VALUE}} then null
    when p_where = 'query' then email_queue_private.encode_url(p_value, '')
    when p_where = 'whole' and p_value !~* '^(https?://|mailto:|tel:)' and split_part(split_part(split_part(p_value, '/', 1), '?', 1), '#', 1) ~ ':' then null
    else email_queue_private.encode_url(p_value, E':/?#@!$&''()*+,;=%[\\]')
  end;
end
$$;
comment on function email_queue_private.write_url(text, text) is 'A value as it stands in an address; null if it may not.';
