-- Who changed what. Never an address, a key or a payload: the rows outlive what they are about.
create table email_queue_private.audit (
  id uuid constraint audit_pkey primary key,
  at timestamptz not null,
  actor text collate "C" not null,
  action text collate "C" not null,
  messages integer,
  arguments jsonb not null,
  constraint audit_actor_has_a_name check (char_length(actor) >= 1 and char_length(actor) <= 100)
);
comment on table email_queue_private.audit is 'One row for each call of an operator that changed something. Read by email_queue_audit, pruned after audit_retention.';
comment on column email_queue_private.audit.id is 'Ordered by time.';
comment on column email_queue_private.audit.at is 'When.';
comment on column email_queue_private.audit.actor is 'Who: the header x-email-queue-actor, the session''s setting email_queue.actor, or the login role.';
comment on column email_queue_private.audit.action is 'What was called, as in redrive.';
comment on column email_queue_private.audit.messages is 'How many messages were changed; null if the call is not about messages.';
comment on column email_queue_private.audit.arguments is 'With what: ids (the first ten), the keys of a filter, a domain, seconds, settings. Of a suppressed address the beginning of its hash.';
