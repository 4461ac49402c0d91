-- Hints whose time has come: lanes that are due, or paused no more, are open again. One that goes is deleted when no transaction is left
-- that may rely on it:
--   A transaction that saw it as it was has written its mail before it looked, so it had its number before the hint's end was committed.
--   A sweep that sees this end before it has a number itself gets a greater one, and notes it (gone).
--   Once all smaller numbers have ended, all that mail is visible. It is looked for again, and gets a new hint; the old one is deleted.
-- Until then it is looked for again and again, each time after as long as it has been waited for.
-- The snapshot's own end (pg_snapshot_xmax) would not do: it is one past the greatest number that has ended, and greater ones may be at work.
create function email_queue_private.tend_lanes(p_now timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
declare
  v_hint email_queue_private.lane;
  v_over boolean;
  v_seen pg_snapshot := case when pg_current_xact_id_if_assigned() is null then pg_current_snapshot() end;
begin
  update email_queue_private.lane as l set state = 'open', look_at = null
  where l.id = any (array(
    select o.id from email_queue_private.lane as o where o.state = 'later' and o.look_at <= p_now order by o.look_at limit 200 for update skip locked));
  for v_hint in
    select l.* from email_queue_private.lane as l
    where l.state in ('paused', 'going', 'gone') and l.look_at <= p_now order by l.look_at limit 200 for update skip locked
  loop
    if v_hint.state in ('going', 'gone') then
      v_over := v_hint.state = 'gone' and v_hint.xid <= pg_snapshot_xmin(pg_current_snapshot());
      perform email_queue_private.hint_lane(v_hint.type, v_hint.lane, v_hint.priority, r.run_at) from (
        select r.run_at from email_queue_private.ready as r
        where r.type = v_hint.type and r.lane = v_hint.lane and r.priority = v_hint.priority order by r.run_at limit 1) as r;
      if v_over then
        delete from email_queue_private.lane as l where l.id = v_hint.id;
      elsif v_hint.state = 'going' and v_seen is not null and pg_visible_in_snapshot(v_hint.xid, v_seen) then
        update email_queue_private.lane as l set state = 'gone', xid = pg_current_xact_id() where l.id = v_hint.id;
      else
        update email_queue_private.lane as l set look_at = p_now + least(p_now - v_hint.due_at, interval '5 seconds') where l.id = v_hint.id;
      end if;
    elsif email_queue_private.is_paused(v_hint.lane) then
      update email_queue_private.lane as l set look_at = email_queue_private.pause_end(v_hint.lane, p_now) where l.id = v_hint.id;
    else
      update email_queue_private.lane as l set state = 'open', look_at = null, refused = email_queue_private.is_refused(l.lane) where l.id = v_hint.id;
    end if;
  end loop;
exception when others then
  null; -- Others have them in hand. No call fails for hints.
end
$$;
comment on function email_queue_private.tend_lanes(timestamptz) is 'Opens hints whose time has come, and deletes those that no transaction relies on.';
