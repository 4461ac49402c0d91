-- Bounded, and also done while the queue is paused. The time is read once, because an index is searched only for a constant value: with
-- clock_timestamp() in the condition every row that is not due would be read.
-- lock_timeout: skip locked still waits if a row was updated a moment ago and its new version is locked. Two calls that wait like this,
-- each holding the rows that it settles, would wait for each other.
create function email_queue_private.sweep_now(p_now timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_late email_queue_private.ready[];
  v_evident uuid[];
begin
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where d.token is not null and d.visible_at <= p_now
    order by d.visible_at limit 20 for update skip locked
  loop
    perform email_queue_private.recover_dispatch(v_dispatch);
  end loop;
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where d.frozen and d.token is null and d.horizon_at <= p_now
    order by d.horizon_at limit 20 for update skip locked
  loop
    perform email_queue_private.abandon_dispatch(v_dispatch,
      '{"class": "unknown", "message": "The horizon passed without a definite answer."}');
  end loop;
  with gone as (
    delete from email_queue_private.ready as r
    where r.id = any (array(select l.id from email_queue_private.ready as l where l.send_before <= p_now order by l.send_before limit 500 for update skip locked))
    returning r.*
  )
  select coalesce(array_agg(g::email_queue_private.ready), '{}') into v_late from gone as g;
  perform email_queue_private.fail_ready(v_late, 'expired', null);
  -- Frozen dispatches are few, and looked at only where an event has arrived.
  with looked as (
    delete from email_queue_private.evidence where id in (select e.id from email_queue_private.evidence as e order by e.id limit 500 for update skip locked)
    returning message_id
  )
  select array_agg(l.message_id) into v_evident from looked as l;
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where v_evident is not null and d.frozen and d.token is null and d.message_ids && v_evident
    order by d.id for update skip locked
  loop
    perform email_queue_private.complete_evident(v_dispatch);
  end loop;
  delete from email_queue_private.dispatch
  where id = any (array(
    select d.id from email_queue_private.dispatch as d
    where d.settled_at < p_now - interval '1 day'
    order by d.settled_at limit 20 for update skip locked));
exception when lock_not_available then
  null; -- Another call has them in hand.
end
$$;
comment on function email_queue_private.sweep_now(timestamptz) is 'Recovers expired leases, ends frozen dispatches past their horizon or with evidence of all their members, and messages past their send_before, prunes settled dispatches; a bounded number of each.';
