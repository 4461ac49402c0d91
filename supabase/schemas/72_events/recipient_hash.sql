-- In place of the address where the message was erased, so that its recipients are still told apart. A hash has no @.
create function email_queue_private.recipient_hash(p_recipient text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when position('@' in p_recipient) > 0
    then email_queue_private.address_hash(p_recipient, email_queue_private.hash_key())::text else p_recipient end
$$;
comment on function email_queue_private.recipient_hash(text) is 'The keyed hash of an event''s recipient, as it is kept of an erased message.';
