-- Sequences, because their values outlive a truncated table and a rollback, and no schema-only dump carries them.
create sequence email_queue_private.enqueued_here;
comment on sequence email_queue_private.enqueued_here is 'Used by each enqueue: what is loaded from a dump of the tables does not use it.';
