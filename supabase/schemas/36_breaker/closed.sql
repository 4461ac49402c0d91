-- Why a dispatch may not begin for the first time, or null. p_alone: the caller has the budget's lock alone.
create function email_queue_private.closed(p_dispatch email_queue_private.dispatch, p_alone boolean, p_now timestamptz) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_dispatch.frozen or p_dispatch.type <> 'email' or not email_queue_private.in_trouble() then
    return null;
  end if;
  if not p_alone then
    -- Trouble came while the shared lock was waited for.
    return email_queue_private.unavailable(p_now + interval '100 milliseconds', p_now);
  end if;
  return (select email_queue_private.unavailable(max(c.opens_at), p_now) from email_queue_private.closed_scopes(p_now, p_dispatch.id) as c
    where c.scope in (p_dispatch.lane, email_queue_private.endpoint_of(p_dispatch.lane)));
end
$$;
comment on function email_queue_private.closed(email_queue_private.dispatch, boolean, timestamptz) is 'Why the circuit breaker keeps a dispatch from its begin; null if it may begin.';
