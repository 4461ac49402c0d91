-- Beside the message, because most e-mails have one recipient: an index over a list would cost each of them more. No foreign key: its check
-- would lock the message.
create table email_queue_private.further_addressee (
  id uuid not null,
  hash bigint not null,
  constraint further_addressee_pkey primary key (id, hash)
) with (autovacuum_vacuum_scale_factor = 0.01);
create index further_addressee_messages on email_queue_private.further_addressee (hash);
comment on table email_queue_private.further_addressee is 'The recipients of an e-mail but for the first, which is in the message.';
comment on column email_queue_private.further_addressee.id is 'The message.';
comment on column email_queue_private.further_addressee.hash is 'Half of the keyed hash of the recipient''s address.';
comment on index email_queue_private.further_addressee_messages is 'The messages to an address.';
