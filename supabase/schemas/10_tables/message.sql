-- What the queue stores. One row is written per e-mail at enqueue (message, body, ready), one row per provider
-- request while it runs (dispatch), and the message is changed once more, at its end. Everything here is private;
-- users read public.email_queue and call the email_queue_* functions.

-- A row is up to twice as long once it is completed. With half of each page left free, half of a batch's completions went to another
-- page, and so into every index. With two thirds left free, none did: claiming and completing writes a fifth less WAL, and in the end
-- the table is smaller.
create table email_queue_private.message (
  id uuid constraint message_pkey primary key,
  addressee uuid,
  created_at timestamptz not null,
  run_at timestamptz not null,
  send_before timestamptz,
  completed_at timestamptz,
  redriven_at timestamptz,
  dispatch_id uuid,
  priority smallint not null,
  max_attempts smallint not null,
  attempts smallint,
  bytes integer not null,
  type text not null,
  status text,
  reason text,
  provider_message_id text,
  mark text collate "C",
  dedup_key text,
  metadata jsonb,
  errors jsonb,
  topic text,
  ignore_suppression boolean,
  secret boolean,
  recipients jsonb,
  template jsonb,
  -- Each statement that writes a row reads its checks anew: as one, these cost an enqueue 20 microseconds less than as four. (With a list
  -- or a number in the text they cost as much.)
  -- A completion, of which there are a hundred in a call, is only compared.
  constraint message_reason_is_known check (case when reason is null then coalesce(status, 'completed') = 'completed'
    else coalesce(status, '') || '/' || reason ~
      '^(failed/(rejected|exhausted|unknown_outcome|not_accepted|expired|suppressed)|cancelled/cancelled)$' end),
  constraint message_end_has_a_time check ((status is null) = (completed_at is null)),
  constraint message_priority_in_range check (priority between 0 and {{LAST_PRIORITY}}),
  constraint message_max_attempts_in_range check (max_attempts between 1 and {{MAX_ATTEMPTS}})
) with (fillfactor = 33, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
-- collate "C": the order of another collation changes with the libraries of the server, and what an index has in the old order is lost.
-- The columns keep the database's, which the view shows.
create unique index message_dedup_key on email_queue_private.message (type collate "C", dedup_key collate "C") where dedup_key is not null;
create index message_dead_letters on email_queue_private.message (id) include (type, reason) where reason is not null;
-- What is new is put into its order by the megabyte: at once, message by message, an enqueue took 1.4 times as long and wrote
-- three times the WAL; a search reads what waits for it (128 pages at most).
create index message_metadata on email_queue_private.message using gin (metadata jsonb_path_ops) with (gin_pending_list_limit = 1024)
  where metadata is not null;
-- Without the id, which would be half of what an enqueue writes for this index.
create index message_addressee on email_queue_private.message (addressee) where addressee is not null;
comment on table email_queue_private.message is 'One row an e-mail: inserted at enqueue and changed once, at its end. The fillfactor leaves room for that change on the same page.';
comment on column email_queue_private.message.id is 'The message''s id, ordered by time.';
comment on column email_queue_private.message.created_at is 'When it was enqueued.';
comment on column email_queue_private.message.run_at is 'Not to be sent before this time.';
comment on column email_queue_private.message.send_before is 'Not worth sending after this time: fails as expired if it has not begun by then.';
comment on column email_queue_private.message.completed_at is 'When it ended; null while open.';
comment on column email_queue_private.message.redriven_at is 'When it was last redriven: its timeline shows it.';
comment on column email_queue_private.message.dispatch_id is 'The dispatch in which it ended.';
comment on column email_queue_private.message.priority is '0 (first) to 3.';
comment on column email_queue_private.message.max_attempts is 'How many begins it may use.';
comment on column email_queue_private.message.attempts is 'Begins used when it ended; null while open (then they are counted in ready and dispatch).';
comment on column email_queue_private.message.bytes is 'Size of the payload''s JSON text, as payload_bytes counts it: it is known without reading the body.';
comment on column email_queue_private.message.type is 'email, or the name of a custom consumer''s type.';
comment on column email_queue_private.message.status is 'How it ended: completed, failed or cancelled; null while open. The open states are derived, so that a state change writes no message row.';
comment on column email_queue_private.message.reason is 'Why it was not completed: rejected, exhausted, unknown_outcome, not_accepted, expired, suppressed or cancelled.';
comment on column email_queue_private.message.provider_message_id is 'The provider''s id of the accepted e-mail.';
comment on column email_queue_private.message.mark is 'The mark of the last request whose outcome was not known when it ended; empty if that had none. Null: it was in none. A redrive leaves it.';
comment on column email_queue_private.message.dedup_key is 'Unique per type while the row exists.';
comment on column email_queue_private.message.metadata is 'The caller''s own data: an object, searched with @>.';
comment on column email_queue_private.message.errors is 'The last ten errors, oldest first.';
comment on column email_queue_private.message.topic is 'What recipients may unsubscribe from; null: an unsubscribe does not concern it.';
comment on column email_queue_private.message.ignore_suppression is 'True: it is sent to suppressed addresses, too.';
comment on column email_queue_private.message.secret is 'True: its payload is shown to nobody, and erased once it has ended.';
comment on column email_queue_private.message.recipients is 'Of a secret message: the "to" of its payload, which is shown and stays.';
comment on column email_queue_private.message.addressee is 'Of an e-mail: the keyed hash of its first recipient''s address, which stays when the payload is pruned, and goes when it is erased.';
comment on column email_queue_private.message.template is 'What its payload was made of: {name, language, version}; version 0 is built in.';
comment on index email_queue_private.message_dedup_key is 'One message per type and dedup key.';
comment on index email_queue_private.message_dead_letters is 'Lists failed and cancelled messages, newest last. Completing changes no column of any index, so it writes none (a HOT update); an index on status would make each completion write to all.';
comment on index email_queue_private.message_metadata is 'Searches by metadata (@>). A message without metadata is not in it, and completing one changes no metadata, so neither writes to it.';
comment on index email_queue_private.message_addressee is 'The e-mails to an address. Completing one does not change it, so it writes none.';
