create table email_queue_private.ready (
  id uuid constraint ready_pkey primary key,
  run_at timestamptz not null,
  entered_at timestamptz not null,
  send_before timestamptz,
  bytes integer not null,
  priority smallint not null,
  attempts smallint not null default 0,
  max_attempts smallint not null,
  redriven boolean not null default false,
  type text collate "C" not null,
  lane text collate "C" not null,
  errors jsonb,
  recipients uuid[],
  topic text,
  ignore_suppression boolean
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create index ready_claim_order on email_queue_private.ready (type, priority, lane, run_at, id);
create index ready_send_before on email_queue_private.ready (send_before) where send_before is not null;
comment on table email_queue_private.ready is 'A row while a message waits. A claim deletes from it, a retry inserts into it; it is never updated.';
comment on column email_queue_private.ready.id is 'The message.';
comment on column email_queue_private.ready.run_at is 'Claimable from this time on.';
comment on column email_queue_private.ready.entered_at is 'When the row was written.';
comment on column email_queue_private.ready.send_before is 'Copy of the message''s.';
comment on column email_queue_private.ready.bytes is 'Copy of the message''s: bounds a dispatch without reading more.';
comment on column email_queue_private.ready.priority is 'Copy of the message''s.';
comment on column email_queue_private.ready.attempts is 'Begins used so far.';
comment on column email_queue_private.ready.max_attempts is 'Copy of the message''s.';
comment on column email_queue_private.ready.redriven is 'It ended once with an unknown outcome: a claim looks whether it was accepted after all.';
comment on column email_queue_private.ready.type is 'Copy of the message''s.';
comment on column email_queue_private.ready.lane is 'What may share a dispatch: batch:<sender domain>, or single:<sender domain> for what must travel alone; of secret messages with :secret at the end.';
comment on column email_queue_private.ready.errors is 'Errors so far, oldest first; null when there are none.';
comment on column email_queue_private.ready.recipients is 'Of an e-mail: the keyed hashes of its addresses, so that a claim need not read the payload. Null: as the payload says.';
comment on column email_queue_private.ready.topic is 'Copy of the message''s.';
comment on column email_queue_private.ready.ignore_suppression is 'Copy of the message''s.';
-- By priority, and by lane within it: one search finds the next lane that has mail of the best priority, a paused domain is a lane that is
-- passed over, filling a dispatch reads no row of another lane, and rows of the future are never walked.
comment on index email_queue_private.ready_send_before is 'Finds messages that are no longer worth sending.';
comment on index email_queue_private.ready_claim_order is 'The order of claims within a lane.';
