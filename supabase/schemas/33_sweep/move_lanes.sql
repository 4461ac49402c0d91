-- The hints of a sender domain, when it is paused or resumed: claims need not look at each. What others have locked stays as it is:
-- claims pass over it, and a sweep looks at it again. Where few lanes are open, a pause changes no hint.
create function email_queue_private.move_lanes(p_domain text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_paused boolean := email_queue_private.is_paused('batch:' || p_domain);
begin
  if v_paused and not exists (select 1 from email_queue_private.lane as l where l.type = 'email' and l.state = 'open' offset 10) then
    return;
  end if;
  update email_queue_private.lane as l
  set state = case when v_paused then 'paused' else 'open' end, refused = email_queue_private.is_refused(l.lane),
    look_at = case when v_paused then email_queue_private.pause_end(l.lane, v_now) end
  where l.id = any (array(
    select o.id from email_queue_private.lane as o
    where o.type = 'email' and o.lane = any (array['batch:' || p_domain, 'single:' || p_domain, 'batch:' || p_domain || ':secret', 'single:' || p_domain || ':secret'])
      and o.state in ('open', 'later', 'paused')
    order by o.id for update skip locked)) and (v_paused or l.state <> 'later');
exception when lock_not_available then
  null; -- As in sweep_now.
end
$$;
comment on function email_queue_private.move_lanes(text) is 'Takes the lanes of a sender domain out of the way of claims while it is paused, and puts them back.';
