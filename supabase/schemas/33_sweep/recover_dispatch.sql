-- One dispatch whose lease ran out.
--   begun: an e-mail may have been sent. So it is frozen and waits for its replay, or ends if its provider has no keys. A custom
--     consumer's message is tried again.
--   not begun: taken over whole once; the second time its members come back one to a dispatch, and a single pays an attempt.
create function email_queue_private.recover_dispatch(p_dispatch email_queue_private.dispatch) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_waits bigint[];
begin
  -- last_token stays as it is: nothing was settled, and the worker that lost this lease must be told so.
  update email_queue_private.dispatch as d
  set token = null, begun = false, frozen = d.frozen or d.begun and d.horizon_at is not null, updated_at = clock_timestamp(),
    expired_unbegun = d.expired_unbegun + (not d.begun)::integer,
    errors = case when d.begun then email_queue_private.append_errors(d.errors, email_queue_private.stamp_error(
      '{"class": "unknown", "message": "The worker''s lease ran out after begin."}', d.attempt)) else d.errors end
  where d.id = p_dispatch.id
  returning d.* into v_dispatch;
  if v_dispatch.frozen then
    if p_dispatch.begun and v_dispatch.attempt >= v_dispatch.attempts_allowed then
      perform email_queue_private.abandon_dispatch(v_dispatch, null);
    elsif p_dispatch.begun then
      perform email_queue_private.complete_evident(v_dispatch);
    end if;
  elsif p_dispatch.begun and v_dispatch.type = 'email' then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
  elsif p_dispatch.begun then
    perform email_queue_private.retry_members(v_dispatch, v_dispatch.message_ids, null, 0);
    perform email_queue_private.close_dispatch(v_dispatch);
  elsif cardinality(v_dispatch.message_ids) > 1 and v_dispatch.expired_unbegun > 1 then
    -- The error makes each a suspect, to be claimed without others.
    perform email_queue_private.return_members(v_dispatch, v_dispatch.message_ids,
      '{"class": "crash", "message": "The worker''s lease ran out before begin, twice."}', null, true);
    perform email_queue_private.close_dispatch(v_dispatch);
  elsif v_dispatch.expired_unbegun > 1 then
    v_waits := email_queue_private.backoff(email_queue_private.settings());
    v_dispatch.attempt := v_dispatch.attempt + 1;
    perform email_queue_private.retry_members(v_dispatch, v_dispatch.message_ids,
      '{"class": "crash", "message": "The worker''s lease ran out before begin."}',
      v_waits[least(v_dispatch.member_attempts[1] + v_dispatch.attempt, cardinality(v_waits))]);
    perform email_queue_private.close_dispatch(v_dispatch);
  end if;
end
$$;
comment on function email_queue_private.recover_dispatch(email_queue_private.dispatch) is 'Recovers or ends a dispatch whose lease has expired.';
