-- Hints that a claim met where nothing may be claimed, so that the next claims need not look there. Its own look may be late by a commit,
-- so it looks again after the change. Nothing is waited for.
create function email_queue_private.set_aside(p_ids bigint[], p_now timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
declare
  v_ids bigint[];
begin
  v_ids := array(select l.id from email_queue_private.lane as l where l.id = any (p_ids) and l.state = 'open' order by l.id for update skip locked);
  update email_queue_private.lane as l set state = 'paused', look_at = coalesce(email_queue_private.pause_end(l.lane, p_now), p_now)
  where l.id = any (v_ids) and email_queue_private.is_paused(l.lane);
  update email_queue_private.lane as l set state = 'going', xid = pg_current_xact_id(), look_at = p_now, due_at = p_now
  where l.id = any (v_ids) and l.state = 'open';
  perform email_queue_private.hint_lane(l.type, l.lane, l.priority, h.run_at)
  from email_queue_private.lane as l cross join lateral (
    select r.run_at from email_queue_private.ready as r
    where r.type = l.type and r.lane = l.lane and r.priority = l.priority order by r.run_at limit 1) as h
  where l.id = any (v_ids) and l.state = 'going';
exception when lock_not_available then
  null; -- As in sweep_now.
end
$$;
comment on function email_queue_private.set_aside(bigint[], timestamptz) is 'Takes hints out of the way of claims.';
