-- Bounded, and also done while the queue is paused. The time is read once, because an index is searched only for a constant value: with
-- clock_timestamp() in the condition every row that is not due would be read.
-- lock_timeout: skip locked still waits if a row was updated a moment ago and its new version is locked. Two calls that wait like this,
-- each holding the rows that it settles, would wait for each other.
create function email_queue_private.sweep_now(p_now timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_dispatch email_queue_private.dispatch;
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
  with late as materialized (
    select r.id, r.attempts, r.errors from email_queue_private.ready as r
    where r.send_before <= p_now
    order by r.send_before limit 500 for update skip locked
  ), gone as (
    delete from email_queue_private.ready as r using late as l where r.id = l.id
  )
  update email_queue_private.message as m
  set status = 'failed', reason = 'expired', completed_at = clock_timestamp(), attempts = l.attempts, errors = l.errors
  from late as l where m.id = l.id;
  delete from email_queue_private.dispatch
  where id = any (array(
    select d.id from email_queue_private.dispatch as d
    where d.settled_at < p_now - interval '1 day'
    order by d.settled_at limit 20 for update skip locked));
exception when lock_not_available then
  null; -- Another call has them in hand.
end
$$;
comment on function email_queue_private.sweep_now(timestamptz) is 'Recovers expired leases, ends frozen dispatches past their horizon and messages past their send_before, prunes settled dispatches; a bounded number of each.';
