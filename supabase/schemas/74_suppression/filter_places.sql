-- 64 parts of 15,360 bits. With 100,000 entries two fifths of the bits are set, and 1 of 100 other hashes finds all of its five set.
create function email_queue_private.filter_places(p_hash uuid) returns integer[]
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes bytea := uuid_send(p_hash);
begin
  return array[((get_byte(v_bytes, 0) << 16) | (get_byte(v_bytes, 1) << 8) | get_byte(v_bytes, 2)) % 983040,
    ((get_byte(v_bytes, 3) << 16) | (get_byte(v_bytes, 4) << 8) | get_byte(v_bytes, 5)) % 983040,
    ((get_byte(v_bytes, 6) << 16) | (get_byte(v_bytes, 7) << 8) | get_byte(v_bytes, 8)) % 983040,
    ((get_byte(v_bytes, 9) << 16) | (get_byte(v_bytes, 10) << 8) | get_byte(v_bytes, 11)) % 983040,
    ((get_byte(v_bytes, 12) << 16) | (get_byte(v_bytes, 13) << 8) | get_byte(v_bytes, 14)) % 983040];
end
$$;
comment on function email_queue_private.filter_places(uuid) is 'The five bits of a hash in suppression_filter.';
