-- Many machines have a local address. So with a local address, the server's own identifiers are compared too.
create function email_queue_private.is_local_address(p_address text) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return p_address = 'localhost'
    or p_address ~ '^(10[.][0-9.]+|192[.]168[.][0-9.]+|172[.](1[6-9]|2[0-9]|3[01])[.][0-9.]+|[[]f[cde][0-9a-f:]+[]]|.*[.](local|lan|internal|home[.]arpa))(:[0-9]+)?$';
end
$$;
comment on function email_queue_private.is_local_address(text) is 'Whether an address is one that several machines may have.';
