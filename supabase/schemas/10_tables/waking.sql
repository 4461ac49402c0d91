create table email_queue_private.waking (
  xact xid8 constraint waking_pkey primary key
);
comment on table email_queue_private.waking is 'A row for each transaction that has enqueued while a wake-up was due, until its commit. Empty for all others.';
comment on column email_queue_private.waking.xact is 'The transaction.';
