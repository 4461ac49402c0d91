-- Retries members. Those that have used up their attempts fail as exhausted. The others wait, each in a dispatch of its own from now
-- on: a refusal of the whole request, for an unknown reason, must not cost the good members all their attempts.
create function email_queue_private.retry_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_error jsonb, p_delay_ms bigint
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_exhausted uuid[];
begin
  select coalesce(array_agg(e.id), '{}') into v_exhausted
  from email_queue_private.members(p_dispatch) as e join email_queue_private.message as m on m.id = e.id
  where e.id = any (p_ids) and e.attempts + p_dispatch.attempt >= m.max_attempts;
  if cardinality(v_exhausted) > 0 then
    perform email_queue_private.fail_members(p_dispatch, v_exhausted, 'exhausted', p_error);
  end if;
  perform email_queue_private.return_members(p_dispatch,
    (select array_agg(u.id) from unnest(p_ids) as u(id) where u.id <> all (v_exhausted)), p_error, p_delay_ms, true);
end
$$;
comment on function email_queue_private.retry_members(email_queue_private.dispatch, uuid[], jsonb, bigint) is 'Puts members back with a delay, or fails them as exhausted.';
