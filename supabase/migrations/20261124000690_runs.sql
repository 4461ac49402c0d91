set standard_conforming_strings = on;

-- The record of the function's runs, which each run writes with its own calls: that one has started, that it lives, and
-- how it ended. What was asked for is in the table call. Only a doctor and an operator read it.
create table email_queue_private.run (
  id uuid constraint run_pkey primary key,
  cause text collate "C" not null,
  started_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz,
  stopped text collate "C",
  reason text,
  counts jsonb,
  constraint run_cause_is_known check (cause in ('wake', 'schedule', 'hand', 'http')),
  constraint run_end_says_why check ((ended_at is null) = (stopped is null))
);
create index run_started_at on email_queue_private.run (started_at);
alter table email_queue_private.run enable row level security;
comment on table email_queue_private.run is 'The runs of the function, for a day.';
comment on column email_queue_private.run.id is 'The runId of its answer and of its line in the log.';
comment on column email_queue_private.run.cause is 'What it was started for: wake (an enqueue), schedule, hand (email_queue_call) or http (anybody else).';
comment on column email_queue_private.run.started_at is 'When its first call came.';
comment on column email_queue_private.run.last_seen_at is 'When a call of it came last, to some seconds.';
comment on column email_queue_private.run.ended_at is 'When it ended; null while it is under way, and where it was killed.';
comment on column email_queue_private.run.stopped is 'Why it ended, as in its answer.';
comment on column email_queue_private.run.reason is 'What stood in the way.';
comment on column email_queue_private.run.counts is 'What it did, as in its answer; null where it found nothing.';
comment on index email_queue_private.run_started_at is 'The latest runs, and those to forget.';

create table email_queue_private.wiring (
  singleton boolean constraint wiring_is_one_row primary key default true,
  cron_line text,
  scheduled_at timestamptz,
  wake_every_ms integer,
  constraint wiring_singleton_is_true check (singleton),
  constraint wiring_wake_every_in_range check (wake_every_ms between 100 and 3600000)
);
alter table email_queue_private.wiring enable row level security;
comment on table email_queue_private.wiring is 'How the database calls the function. One row; while it is missing, the defaults count. The address and the secret are in Vault.';
comment on column email_queue_private.wiring.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.wiring.cron_line is 'The schedule as pg_cron has it; null where there is none.';
comment on column email_queue_private.wiring.scheduled_at is 'When it was scheduled: before the first run is due, its absence says nothing.';
comment on column email_queue_private.wiring.wake_every_ms is 'An enqueue wakes the function, at most once in so many milliseconds over all sessions; null: it does not.';

create function email_queue_private.wiring_now() returns email_queue_private.wiring
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_wiring email_queue_private.wiring;
begin
  select * into v_wiring from email_queue_private.wiring as w;
  if not found then
    -- The table's defaults, written as a row.
    v_wiring := row(true, null, null, null);
  end if;
  return v_wiring;
end
$$;
comment on function email_queue_private.wiring_now() is 'How the function is called; the defaults where nothing is stored.';

-- When the next wake-up may be sent, in milliseconds. A sequence, because its value is seen by all sessions at once, waits
-- for no lock and outlives a rollback. A row would be locked until the transaction that changed it ends.
create sequence email_queue_private.next_wake minvalue 0 start 0;
select setval('email_queue_private.next_wake', 0);
comment on sequence email_queue_private.next_wake is 'Before this time, in milliseconds since 1970, the function is not woken again.';

-- p_quiet_ms: as in email_queue_work's "run". A run never keeps enqueues quiet for longer than some seconds, since it may die.
create function email_queue_private.keep_quiet(p_quiet_ms bigint) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_quiet_ms is not null and (email_queue_private.wiring_now()).wake_every_ms is not null then
    perform setval('email_queue_private.next_wake', case when p_quiet_ms > 0
      then floor(extract(epoch from clock_timestamp()) * 1000)::bigint + least(p_quiet_ms, 10000) else 0 end);
  end if;
end
$$;
comment on function email_queue_private.keep_quiet(bigint) is 'A listening run looks again within this time: enqueues make no calls until then. 0: they make calls again.';

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

call email_queue_private.apply_grants();
