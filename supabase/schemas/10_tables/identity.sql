-- Copies do not send. The function reports the address of its project with each call, and the queue keeps the address of
-- the function that may send from this database. In a copy another function asks. It is refused before it
-- claims or begins, until an operator calls email_queue_adopt.

-- No key can collide when a dump with data is loaded into a database that has rows of its own.
create table email_queue_private.identity (
  id uuid constraint identity_pkey primary key default gen_random_uuid(),
  kind text collate "C" not null,
  address text collate "C",
  server text collate "C" not null,
  last_server text collate "C" not null,
  created_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  constraint identity_kind_is_known check (kind in ('recorded', 'adopt', 'refused')),
  constraint identity_has_an_address check ((kind = 'adopt') = (address is null))
);
comment on table email_queue_private.identity is 'Whose queue this is. No row: nothing has been sent from here. If several are recorded, all must be the asking function''s.';
comment on column email_queue_private.identity.id is 'Has no meaning.';
comment on column email_queue_private.identity.kind is
  'recorded: the function that may send. adopt: the next function that asks will be recorded. refused: a function that asked and may not send.';
comment on column email_queue_private.identity.address is 'The host of the project, as its function reports it; localhost for every name of this machine.';
comment on column email_queue_private.identity.server is 'The server''s system identifier and the database''s oid when it was written.';
comment on column email_queue_private.identity.last_server is 'The same when the function asked last.';
comment on column email_queue_private.identity.created_at is 'When it was written.';
comment on column email_queue_private.identity.seen_at is 'When the function asked last; to five minutes if it may send.';
