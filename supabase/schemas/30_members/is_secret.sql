-- Secret messages share no dispatch with others, so a dispatch is secret as a whole.
create function email_queue_private.is_secret(p_lane text) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return right(p_lane, 7) = ':secret';
end
$$;
comment on function email_queue_private.is_secret(text) is 'Whether a lane is one of secret messages.';
