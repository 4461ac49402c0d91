-- Freezes a begun dispatch until its replay. If its attempts or its horizon are used up, or the provider has no keys, the dispatch ends.
create function email_queue_private.freeze_dispatch(
  p_dispatch email_queue_private.dispatch, p_error jsonb, p_delay_ms bigint
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch := p_dispatch;
begin
  v_dispatch.errors := email_queue_private.append_errors(p_dispatch.errors, email_queue_private.stamp_error(p_error, p_dispatch.attempt));
  if v_dispatch.horizon_at is null then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
    return;
  end if;
  update email_queue_private.dispatch as d
  set frozen = true, begun = false, last_token = d.token, token = null, updated_at = clock_timestamp(), attempt = p_dispatch.attempt,
    visible_at = least(clock_timestamp() + coalesce(p_delay_ms, 0) * interval '1 millisecond', d.horizon_at),
    errors = v_dispatch.errors
  where d.id = p_dispatch.id
  returning * into v_dispatch;
  if v_dispatch.attempt >= v_dispatch.attempts_allowed or v_dispatch.horizon_at <= clock_timestamp() then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
  else
    perform email_queue_private.complete_evident(v_dispatch);
  end if;
end
$$;
comment on function email_queue_private.freeze_dispatch(email_queue_private.dispatch, jsonb, bigint) is 'Keeps a dispatch of unknown outcome for its replay.';
