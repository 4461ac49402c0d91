-- For a call of the worker that claims or begins: {state, reason} if its function may not send, else null. A caller that
-- reports no address is not checked.
create function email_queue_private.identity_obstacle(p_request jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_address text := nullif(email_queue_private.identity_address(p_request ->> 'project_url'), '');
  v_local boolean := email_queue_private.is_local_address(v_address);
  v_server text;
  v_mine boolean;
  v_stale boolean;
  v_reason text;
begin
  if v_address is null or coalesce(jsonb_typeof(p_request -> 'claim'), 'null') <> 'object' and coalesce(jsonb_array_length(p_request -> 'begins'), 0) = 0 then
    return null;
  end if;
  if v_local then
    v_server := email_queue_private.this_server();
  end if;
  select bool_and(i.address = v_address and (not v_local or i.server = v_server)), bool_and(i.seen_at < clock_timestamp() - interval '5 minutes')
  into v_mine, v_stale from email_queue_private.identity as i where i.kind = 'recorded';
  if v_mine is not true then
    v_reason := email_queue_private.identify(v_address, coalesce(v_server, email_queue_private.this_server()));
  elsif v_stale then
    -- No call waits for another's note.
    update email_queue_private.identity set seen_at = clock_timestamp(), last_server = coalesce(v_server, email_queue_private.this_server())
    where id in (select i.id from email_queue_private.identity as i where i.kind = 'recorded' for update skip locked);
  end if;
  return case when v_reason is not null then jsonb_build_object('state', 'paused', 'reason', v_reason) end;
exception when query_canceled or others then
  return jsonb_build_object('state', 'error', 'reason', sqlerrm);
end
$$;
comment on function email_queue_private.identity_obstacle(jsonb) is 'Why the function that asks may not send from this database; null if it may.';
