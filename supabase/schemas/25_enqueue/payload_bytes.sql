-- To write 50 kB as text only to count it takes a quarter of an enqueue. The text has at most six times as many bytes as jsonb has, except
-- for numbers: so what is that far from the limit need not be written. It is then counted without its escapes, which bounds a dispatch as
-- well. The empty object: jsonb of a table may be compressed, and what || gives is not.
create function email_queue_private.payload_bytes(p_payload jsonb, p_limit integer) returns integer
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_size bigint;
begin
  if jsonb_typeof(p_payload) = 'object' and pg_column_size(p_payload) > 16384 then
    v_size := pg_column_size(p_payload || '{}');
    if v_size * 6 <= p_limit and not jsonb_path_exists(p_payload, 'strict $.** ? (@.type() == "number")') then
      return v_size;
    end if;
  end if;
  return octet_length(p_payload::text);
end
$$;
comment on function email_queue_private.payload_bytes(jsonb, integer) is 'The bytes of a payload''s JSON text, to compare with the limit; of a large one that is far from it, about as many.';
