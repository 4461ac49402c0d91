create table email_queue_private.budget (
  singleton boolean constraint budget_is_one_row primary key default true,
  answered boolean not null default false,
  learned_limit numeric,
  cooldown_until timestamptz,
  cooldown_reason text,
  paused_at timestamptz,
  paused_until timestamptz,
  pause_reason text,
  constraint budget_singleton_is_true check (singleton),
  constraint budget_learned_limit_is_positive check (learned_limit > 0)
) with (fillfactor = 10);
comment on table email_queue_private.budget is 'What all runs share towards the provider: learned rate, cooldown, pause. One row; while it is missing, nothing is known.';
comment on column email_queue_private.budget.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.budget.answered is 'The provider has answered once, so its limit is known if it tells one.';
comment on column email_queue_private.budget.learned_limit is 'Requests a second, as the provider''s headers said last.';
comment on column email_queue_private.budget.cooldown_until is 'No request leaves before this time.';
comment on column email_queue_private.budget.cooldown_reason is 'The provider''s error that caused the cooldown.';
comment on column email_queue_private.budget.paused_at is 'When the queue was paused; null when it is not.';
comment on column email_queue_private.budget.paused_until is 'When it resumes by itself; null: when an operator says so.';
comment on column email_queue_private.budget.pause_reason is 'Why it is paused.';
