create function email_queue_private.addressees(p_message email_queue_private.message) returns uuid[]
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select array_remove(array[p_message.addressee], null)
    || array(select f.hash from email_queue_private.further_addressee as f where f.id = p_message.id)
$$;
comment on function email_queue_private.addressees(email_queue_private.message) is 'The keyed hashes of a message''s recipients; none once it was erased.';
