-- A domain that sends no more, or an endpoint that is not used, gets no more answers: what it did not answer long ago says nothing of today.
-- The caller has the budget's lock alone.
create function email_queue_private.forget_quiet(p_now timestamptz) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  delete from email_queue_private.breaker as b
  where b.noted_at <= p_now - {{BREAKER_QUIET_MS}} * interval '1 millisecond' and not exists (
    select from email_queue_private.dispatch as d
    where d.settled_at is null and d.type = 'email' and b.scope in (d.lane, email_queue_private.endpoint_of(d.lane)))
$$;
comment on function email_queue_private.forget_quiet(timestamptz) is 'Takes scopes out of the circuit breaker of which nothing was heard for long, and nothing is open.';
