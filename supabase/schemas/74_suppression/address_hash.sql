-- PostgreSQL's core has no HMAC: the key is hashed in twice, as HMAC does, so that no longer address can be made of a hash. Without the
-- key a guessed address cannot be checked; with the key it can.
create function email_queue_private.address_hash(p_address text, p_key bytea) returns uuid
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
  return encode(substr(sha256(p_key || sha256(p_key || convert_to(p_address, 'UTF8'))), 1, 16), 'hex')::uuid;
end
$$;
comment on function email_queue_private.address_hash(text, bytea) is 'The keyed hash of a normalised address: half of a double sha256.';
