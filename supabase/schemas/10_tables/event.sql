-- What the provider reported about one recipient of one e-mail of ours. Inserted once, and changed by nothing but an erasure; how far the e-mail has come is
-- derived, so that the order in which events arrive does not matter.
create table email_queue_private.event (
  svix_id text collate "C" not null,
  ordinal smallint not null,
  type text collate "C" not null,
  provider_message_id text collate "C" not null,
  recipient text collate "C" not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  message_id uuid,
  mark text collate "C",
  detail jsonb,
  constraint event_pkey primary key (svix_id, ordinal),
  -- Two endpoints report one event under two ids.
  constraint event_is_counted_once unique (provider_message_id, type, recipient, occurred_at)
) with (autovacuum_vacuum_scale_factor = 0.01);
create index event_message on email_queue_private.event (message_id) where message_id is not null;
create index event_trouble on email_queue_private.event (message_id)
  where type in ('email.bounced', 'email.failed', 'email.suppressed', 'email.complained');
create index event_of_address on email_queue_private.event (recipient, occurred_at) where type in ('email.bounced', 'email.delivered') and recipient <> '';
create index event_of_no_message on email_queue_private.event (received_at) where message_id is null;
comment on table email_queue_private.event is 'The provider''s events of e-mails of this queue, one row a recipient. No foreign key: its check would write to every message row.';
comment on column email_queue_private.event.svix_id is 'The id of the event: the header svix-id.';
comment on column email_queue_private.event.ordinal is 'Which of the event''s recipients, from 0.';
comment on column email_queue_private.event.type is 'As the provider calls it: email.delivered, email.bounced, ...';
comment on column email_queue_private.event.provider_message_id is 'The provider''s id of the e-mail; empty if the event is about an address only.';
comment on column email_queue_private.event.recipient is 'The address it is about, lower case; empty if none is named. Of an erased message its keyed hash.';
comment on column email_queue_private.event.occurred_at is 'When it happened, by the provider''s clock: shown, and never compared with the database''s.';
comment on column email_queue_private.event.received_at is 'When it was recorded.';
comment on column email_queue_private.event.message_id is 'The message; null if the event is about an address only.';
comment on column email_queue_private.event.mark is 'The mark that the e-mail carries; null if it has none.';
comment on column email_queue_private.event.detail is 'A bounce''s type, subtype and text, or why the provider did not send it; of an opening or a click nothing, unless record_clients is on.';
comment on constraint event_pkey on email_queue_private.event is 'An event that is delivered again is known by its id.';
comment on constraint event_is_counted_once on email_queue_private.event is 'The same event under another id is known too.';
comment on index email_queue_private.event_message is 'The events of a message.';
comment on index email_queue_private.event_trouble is 'Finds messages that bounced or were complained about.';
comment on index email_queue_private.event_of_address is 'The last messages to an address, and their ends.';
comment on index email_queue_private.event_of_no_message is 'Finds events to prune that no message takes with it.';
