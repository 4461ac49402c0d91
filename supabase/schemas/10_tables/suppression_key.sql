-- The oldest key counts. When a dump with data is loaded into a database that has the migrations, the dump's key is older than the one
-- that these have written, and it is the key of the dump's hashes.
create table email_queue_private.suppression_key (
  created_at timestamptz not null default clock_timestamp(),
  id uuid not null default gen_random_uuid(),
  key bytea not null,
  constraint suppression_key_pkey primary key (created_at, id),
  constraint suppression_key_is_long_enough check (octet_length(key) >= 32)
);
insert into email_queue_private.suppression_key (key)
values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
comment on table email_queue_private.suppression_key is 'The key of the hashes of addresses, written by the migration and never changed: another key fits no stored hash. While it is missing, a constant counts.';
comment on column email_queue_private.suppression_key.created_at is 'When it was written.';
comment on column email_queue_private.suppression_key.id is 'Has no meaning.';
comment on column email_queue_private.suppression_key.key is 'Random bytes.';
