-- Writes little: a start, a sign of life every five seconds, an end.
create function email_queue_private.record_run(p_run jsonb, p_ended boolean) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_report jsonb := case when p_ended then coalesce(p_run -> 'report', '{}') end;
begin
  update email_queue_private.run as r
  set last_seen_at = v_now, ended_at = case when p_ended then v_now end, stopped = case when p_ended then coalesce(v_report ->> 'stopped', 'empty') end,
    reason = left(v_report ->> 'reason', 1000), counts = v_report - array['runId', 'stopped', 'reason']
  where r.id = (p_run ->> 'id')::uuid and (p_ended or r.ended_at is not null or r.last_seen_at < v_now - interval '5 seconds');
  if not found then
    insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, reason, counts)
    values ((p_run ->> 'id')::uuid, p_run ->> 'cause', v_now, v_now, case when p_ended then v_now end, case when p_ended then coalesce(v_report ->> 'stopped', 'empty') end,
      left(v_report ->> 'reason', 1000), nullif(v_report - array['runId', 'stopped', 'reason'], '{}'))
    on conflict (id) do nothing;
    if found then
      delete from email_queue_private.run where id in (
        select o.id from email_queue_private.run as o where o.started_at < v_now - interval '1 day' order by o.started_at limit 10);
    end if;
  end if;
  return p_ended;
exception when others then
  -- No run fails for its record.
  return false;
end
$$;
comment on function email_queue_private.record_run(jsonb, boolean) is 'Notes a run''s start, a sign of life, or its end; answers whether the end is recorded.';
