-- What a hint says of its lane's last dispatch, and of its domain, is brought up to date where it decides which lanes a claim looks at.
create function email_queue_private.note_turns(p_ids bigint[]) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
begin
  update email_queue_private.lane as l
  set turn = email_queue_private.last_dispatch_at(l.type, l.lane), refused = email_queue_private.is_refused(l.lane)
  where l.id = any (array(select o.id from email_queue_private.lane as o where o.id = any (p_ids) order by o.id for update skip locked));
exception when lock_not_available then
  null; -- As in sweep_now.
end
$$;
comment on function email_queue_private.note_turns(bigint[]) is 'Brings hints up to date.';
