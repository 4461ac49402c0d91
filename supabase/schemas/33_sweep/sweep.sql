-- Sweep: expired leases, horizons and messages. Every claim does it first.

-- Mostly there is nothing to sweep. Five index probes find that out in a fifth of the time of a sweep.
create function email_queue_private.sweep() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if exists (select 1 from email_queue_private.dispatch as d where d.token is not null and d.visible_at <= v_now)
    or exists (select 1 from email_queue_private.dispatch as d where d.frozen and d.token is null and d.horizon_at <= v_now)
    or exists (select 1 from email_queue_private.ready as r where r.send_before <= v_now)
    or exists (select 1 from email_queue_private.evidence)
    or exists (select 1 from email_queue_private.dispatch as d where d.settled_at < v_now - interval '1 day')
  then
    perform email_queue_private.sweep_now(v_now);
  end if;
end
$$;
comment on function email_queue_private.sweep() is 'Ends what has run out: leases, horizons, send_before.';
