-- One team has one stream of events for all its installations, and a copied database has the same message ids. So each e-mail carries
-- the mark of its installation, beside the message's id. It is minted anew whenever a database becomes one that may send.
create table email_queue_private.mark (
  mark text collate "C" constraint mark_pkey primary key,
  minted_at timestamptz not null,
  constraint mark_is_hexadecimal check (mark ~ '^[0-9a-f]{12}$')
);
comment on table email_queue_private.mark is 'The marks of this installation. The newest is the one that new e-mails carry; the others are retired.';
comment on column email_queue_private.mark.mark is '48 random bits.';
comment on column email_queue_private.mark.minted_at is 'When it was made.';
