-- Addresses that get no mail. They are found by a keyed hash: the keyed hashes of a message''s recipients are in its row of ready, and the
-- address itself can be left out.
create table email_queue_private.suppression (
  id uuid constraint suppression_pkey primary key,
  hash uuid not null,
  reason text collate "C" not null,
  topic text collate "C",
  address text collate "C",
  since timestamptz not null,
  removed_at timestamptz,
  event text collate "C",
  note text,
  folded boolean not null default false,
  constraint suppression_reason_is_known check (reason in ('bounce', 'complaint', 'unsubscribe', 'manual')),
  constraint suppression_removed_keeps_nothing check (removed_at is null or coalesce(address, event, note) is null)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create unique index suppression_entry on email_queue_private.suppression (reason, topic, hash) nulls not distinct;
create index suppression_hash on email_queue_private.suppression using hash (hash);
create index suppression_fresh on email_queue_private.suppression (id) where not folded;
create index suppression_removed on email_queue_private.suppression (removed_at) where removed_at is not null;
comment on table email_queue_private.suppression is 'Addresses that get no mail, and why. Written by email_queue_suppress and by the provider''s events.';
comment on column email_queue_private.suppression.id is 'Ordered by time, for lists.';
comment on column email_queue_private.suppression.hash is 'The keyed hash of the normalised address.';
comment on column email_queue_private.suppression.reason is 'bounce, complaint, unsubscribe (counts for mail with a topic only) or manual.';
comment on column email_queue_private.suppression.topic is 'What it is suppressed for; null: everything.';
comment on column email_queue_private.suppression.address is 'The address; null if only its hash was to be kept.';
comment on column email_queue_private.suppression.since is 'Since when.';
comment on column email_queue_private.suppression.removed_at is 'When it was removed; the row stays a while, so that an event from before does not bring it back.';
comment on column email_queue_private.suppression.event is 'The provider''s event that it came with.';
comment on column email_queue_private.suppression.note is 'An operator''s words.';
comment on column email_queue_private.suppression.folded is 'It is in suppression_filter or suppression_recent.';
comment on index email_queue_private.suppression_entry is 'One entry an address, reason and topic.';
comment on index email_queue_private.suppression_hash is 'Finds the entries of an address in one page.';
comment on index email_queue_private.suppression_fresh is 'Entries of sessions that could not fold them. Mostly empty.';
comment on index email_queue_private.suppression_removed is 'Finds removed entries to prune.';
