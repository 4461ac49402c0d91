-- A run that died counts as listening only as long as it keeps enqueues quiet.
create function email_queue_private.is_listened_to() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint := floor(extract(epoch from clock_timestamp()) * 1000);
begin
  return (email_queue_private.wiring_now()).wake_every_ms <= 5000
    and exists (select from email_queue_private.next_wake as n where n.last_value between v_now + 1 and v_now + 10000)
    and exists (select from email_queue_private.run as r where r.started_at > clock_timestamp() - interval '5 minutes'
      and r.ended_at is null and r.last_seen_at > clock_timestamp() - interval '15 seconds');
end
$$;
comment on function email_queue_private.is_listened_to() is 'Whether a run is under way that looks for mail every few seconds: the schedule need not call.';
