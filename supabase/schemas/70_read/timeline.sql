-- A timeline, oldest first. The last ten errors are kept, and a dispatch for a day after its end, so that the timeline of
-- an old message has gaps.
create function email_queue_private.timeline(p_message email_queue_private.message) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_open email_queue_private.dispatch;
  v_errors jsonb;
begin
  if p_message.status is null then
    v_open := email_queue_private.open_dispatch(p_message.id);
  end if;
  v_errors := coalesce(p_message.errors, (select r.errors from email_queue_private.ready as r where r.id = p_message.id and p_message.status is null),
    email_queue_private.append_errors(v_open.member_errors -> p_message.id::text, v_open.errors));
  return (
    select jsonb_agg(jsonb_build_object('at', t.at, 'what', t.what) || t.more order by t.at nulls last, t.place)
    from (
      select 1, p_message.created_at, 'enqueued', jsonb_strip_nulls(jsonb_build_object('run_at', case when p_message.run_at > p_message.created_at then p_message.run_at end))
      union all
      select 2, p_message.redriven_at, 'redriven', '{}' where p_message.redriven_at is not null
      union all
      select 2, d.created_at, 'claimed', jsonb_strip_nulls(jsonb_build_object('lease_expires_at', case when d.token is not null then d.visible_at end))
      from email_queue_private.dispatch as d where d.id = coalesce(v_open.id, p_message.dispatch_id)
      union all
      -- Notes of the queue's own about suppressed recipients are no attempts. The last error is stamped a moment after the end.
      select 3, least((e.e ->> 'at')::timestamptz, p_message.completed_at), 'attempt', jsonb_build_object('attempt', e.e -> 'attempt', 'error', e.e - array['at', 'attempt'])
      from jsonb_array_elements(v_errors) as e(e) where e.e ->> 'class' is distinct from 'suppressed'
      union all
      select 3, v_open.updated_at, 'attempt', jsonb_build_object('attempt', v_open.member_attempts[array_position(v_open.message_ids, p_message.id)] + v_open.attempt)
      where v_open.begun
      union all
      select 4, p_message.completed_at, 'accepted', jsonb_build_object('provider_message_id', p_message.provider_message_id, 'attempts', p_message.attempts)
      where p_message.status = 'completed' and p_message.provider_message_id is not null
      union all
      select 5, p_message.completed_at, 'ended', jsonb_build_object('status', p_message.status, 'reason', p_message.reason) where p_message.status is not null
      union all
      select 6, (e.e ->> 'occurred_at')::timestamptz, 'event', jsonb_build_object('type', e.e -> 'type', 'recipient', e.e -> 'recipient', 'detail', e.e -> 'detail')
      from jsonb_array_elements(public.email_queue_events(p_message.id)) as e(e)
      union all
      select 7, null, 'waits', jsonb_build_object('until', w.until, 'reason', w.reason) from email_queue_private.waits(p_message, v_open) as w
      where p_message.status is null
    ) as t(place, at, what, more));
end
$$;
comment on function email_queue_private.timeline(email_queue_private.message) is 'The timeline of a message: [{at, what, ...}], oldest first.';
