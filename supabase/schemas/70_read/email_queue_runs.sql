create function public.email_queue_runs(p_limit integer default 100, p_before uuid default null) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set plan_cache_mode = force_custom_plan
as $$
declare
  v_before timestamptz := (select r.started_at from email_queue_private.run as r where r.id = p_before);
begin
  return coalesce((
    select jsonb_agg(to_jsonb(n) order by n.started_at desc, n.id desc) from (
      select r.id, r.cause, r.started_at, r.last_seen_at, r.ended_at, r.stopped, r.reason, r.counts from email_queue_private.run as r
      where p_before is null or (r.started_at, r.id) < (v_before, p_before)
      order by r.started_at desc, r.id desc limit least(greatest(coalesce(p_limit, 100), 1), {{MAX_PAGE}})) as n), '[]');
end
$$;
comment on function public.email_queue_runs(integer, uuid) is
  'The runs of the function in the last day, newest first, at most {{MAX_PAGE}}: [{id, cause, started_at, last_seen_at, ended_at, stopped, reason, counts}]. ended_at is null while a run is under way, and if it was killed. p_before (an id) continues a page.';
