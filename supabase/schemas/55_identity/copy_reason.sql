-- Why the asking function is refused, in words.
create function email_queue_private.copy_reason(p_address text, p_others text[]) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select 'a copy does not send: ' || case
      when cardinality(p_others) = 0 then 'this database has open messages that were not enqueued here'
      when p_others = array[p_address] then format('this queue is that of %s on another database server', p_address)
      else format('this queue is that of %s', array_to_string(array_remove(p_others, p_address), ', ')) end
    || format(', and the function of %s asks for it. If this database may send: select email_queue_adopt();', p_address)
$$;
comment on function email_queue_private.copy_reason(text, text[]) is 'Why a function was refused, and the way out.';
