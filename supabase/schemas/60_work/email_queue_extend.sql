create function public.email_queue_extend(p_dispatch_id uuid, p_token uuid, p_lease_ms bigint) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_until timestamptz;
begin
  update email_queue_private.dispatch as d
  set visible_at = greatest(d.visible_at, clock_timestamp() + least(greatest(p_lease_ms, 1), {{MAX_LEASE_MS}}) * interval '1 millisecond'),
    updated_at = clock_timestamp()
  where d.id = p_dispatch_id and d.token = p_token and d.visible_at > clock_timestamp()
  returning d.visible_at into v_until;
  return jsonb_build_object('dispatch_id', p_dispatch_id, 'result', case when v_until is null then 'lost' else 'applied' end,
    'lease_expires_at', v_until);
end
$$;
comment on function public.email_queue_extend(uuid, uuid, bigint) is 'Makes an unexpired lease longer. Answers {result: applied|lost, lease_expires_at}.';
