-- p_quiet_ms: as in email_queue_worker_work's "run". A run never keeps enqueues quiet for longer than some seconds, since it may die.
create function email_queue_private.keep_quiet(p_quiet_ms bigint) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_quiet_ms is not null and (email_queue_private.wiring_now()).wake_every_ms is not null then
    perform setval('email_queue_private.next_wake', case when p_quiet_ms > 0
      then floor(extract(epoch from clock_timestamp()) * 1000)::bigint + least(p_quiet_ms, 10000) else 0 end);
  end if;
end
$$;
comment on function email_queue_private.keep_quiet(bigint) is 'A listening run looks again within this time: enqueues make no calls until then. 0: they make calls again.';
