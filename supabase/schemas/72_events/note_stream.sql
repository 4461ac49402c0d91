-- The time of the last event is written once a minute, and no call waits for it. An event ends the count of refusals.
create function email_queue_private.note_stream(p_seen boolean, p_refused integer) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if not exists (select 1 from email_queue_private.event_stream) then
    insert into email_queue_private.event_stream default values on conflict do nothing;
  end if;
  update email_queue_private.event_stream
  set last_event_at = v_now, refused = 0
  where p_seen and singleton in (select s.singleton from email_queue_private.event_stream as s
    where s.last_event_at is null or s.last_event_at < v_now - interval '1 minute' or s.refused > 0 for update skip locked);
  update email_queue_private.event_stream set refused = refused + p_refused, refused_at = v_now where p_refused > 0;
end
$$;
comment on function email_queue_private.note_stream(boolean, integer) is 'Notes that events arrive, and how many were refused.';
