-- One lock order for all calls that name several dispatches.
create function email_queue_private.lock_named(p_request jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  -- As an array: joined with a list of unknown length, every dispatch would be read in its order.
  v_ids uuid[] := array(
    select (e ->> 'dispatch_id')::uuid from jsonb_array_elements(p_request -> 'settles') as e
    union all
    select (e ->> 'dispatch_id')::uuid from jsonb_array_elements(p_request -> 'begins') as e);
begin
  perform 1 from email_queue_private.dispatch as d where d.id = any (v_ids) order by d.id for update;
end
$$;
comment on function email_queue_private.lock_named(jsonb) is 'Locks the dispatches that a call settles and begins.';
