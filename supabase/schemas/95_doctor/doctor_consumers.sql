-- Types of your own whose messages wait. Dispatches are kept for a day.
create function email_queue_private.doctor_consumers() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_types text;
begin
  select string_agg(format('%s (%s, the oldest for %s seconds)', t.key, t.value ->> 'pending', t.value ->> 'oldest_due_seconds'), ', ' order by t.key) into v_types
  from jsonb_each(public.email_queue_stats() -> 'types') as t
  where t.key <> 'email' and (t.value ->> 'oldest_due_seconds')::numeric > 300
    and not exists (select 1 from email_queue_private.dispatch as d where d.type = t.key);
  return next email_queue_private.finding('consumers', 'nothing has dequeued these types in a day: ' || v_types, 'no message of another type waits for a consumer',
    'Start the consumer of these types (email_queue_dequeue). If a type is misspelt, enqueue its messages again under the right one and cancel these (email_queue_cancel).', 'warn');
end
$$;
comment on function email_queue_private.doctor_consumers() is 'Types whose messages have no consumer.';
