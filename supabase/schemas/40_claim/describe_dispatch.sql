-- A claimed dispatch as the worker gets it. json: the payloads are written out once and then only copied, where jsonb is
-- taken apart and put together again by each function that it passes. p_mark is the installation's, for what has not begun.
create function email_queue_private.describe_dispatch(p_dispatch email_queue_private.dispatch, p_mark text) returns json
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return json_build_object(
    'dispatch_id', p_dispatch.id, 'token', p_dispatch.token, 'priority', p_dispatch.priority, 'attempt', p_dispatch.attempt, 'frozen', p_dispatch.frozen, 'begun', p_dispatch.begun,
    -- However many messages it holds: its answers tell of the lane's endpoint.
    'endpoint', coalesce(p_dispatch.endpoint, case when p_dispatch.type = 'email' then split_part(p_dispatch.lane, ':', 1) end), 'wire_version', p_dispatch.wire_version,
    'mark', case when p_dispatch.first_begun_at is null then p_mark else p_dispatch.mark end, 'bytes', p_dispatch.bytes,
    'messages', (
      -- As rows: json_build_object for each took a sixth longer.
      select json_agg(m order by u.n) from unnest(p_dispatch.message_ids, p_dispatch.member_attempts) with ordinality as u(id, attempts, n)
      left join email_queue_private.body as b on b.id = u.id
      cross join lateral (select u.id, u.attempts + p_dispatch.attempt as attempts, b.payload) as m));
end
$$;
comment on function email_queue_private.describe_dispatch(email_queue_private.dispatch, text) is 'A dispatch with its members and their payloads, as the worker gets it.';
