create table email_queue_private.wiring (
  singleton boolean constraint wiring_is_one_row primary key default true,
  cron_line text,
  scheduled_at timestamptz,
  wake_every_ms integer,
  constraint wiring_singleton_is_true check (singleton),
  constraint wiring_wake_every_in_range check (wake_every_ms between 100 and 3600000)
);
comment on table email_queue_private.wiring is 'How the database calls the function. One row; while it is missing, the defaults count. The address and the secret are in Vault.';
comment on column email_queue_private.wiring.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.wiring.cron_line is 'The schedule as pg_cron has it; null without a schedule.';
comment on column email_queue_private.wiring.scheduled_at is 'When it was scheduled: before the first run is due, its absence says nothing.';
comment on column email_queue_private.wiring.wake_every_ms is 'An enqueue wakes the function, at most once in so many milliseconds over all sessions; null: it does not.';
