-- Messages that were open when an event of theirs arrived. The sweep looks whether that ends a frozen dispatch, and deletes what it has
-- looked at. The key has no meaning: an insert never waits for a sweep.
create table email_queue_private.evidence (
  id uuid constraint evidence_pkey primary key default gen_random_uuid(),
  message_id uuid not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
comment on table email_queue_private.evidence is 'New evidence of open messages, until the next sweep.';
comment on column email_queue_private.evidence.id is 'Has no meaning.';
comment on column email_queue_private.evidence.message_id is 'The message.';
