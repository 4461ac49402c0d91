-- The record of the function's runs. Each run writes it with its own calls: its start, signs of life, its end. The table call has the
-- requests for a run. Only the doctor and operators read it.
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
comment on table email_queue_private.run is 'The runs of the function, for a day.';
comment on column email_queue_private.run.id is 'The runId of its answer and of its line in the log.';
comment on column email_queue_private.run.cause is 'What it was started for: wake (an enqueue), schedule, hand (email_queue_call) or http (anybody else).';
comment on column email_queue_private.run.started_at is 'When its first call came.';
comment on column email_queue_private.run.last_seen_at is 'When a call of it came last, to some seconds.';
comment on column email_queue_private.run.ended_at is 'When it ended; null while it is under way, and if it was killed.';
comment on column email_queue_private.run.stopped is 'Why it ended, as in its answer.';
comment on column email_queue_private.run.reason is 'What stood in the way.';
comment on column email_queue_private.run.counts is 'What it did, as in its answer; null if it found nothing.';
comment on index email_queue_private.run_started_at is 'The latest runs, and those to forget.';
