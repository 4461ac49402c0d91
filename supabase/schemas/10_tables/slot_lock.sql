-- Only sessions of email-queue lock these empty tables: what an advisory lock with a public number would be, any login could
-- hold for ever. A lock of a table takes no transaction id and writes nothing.
create table email_queue_private.slot_lock ();
comment on table email_queue_private.slot_lock is 'Empty. Locked while a session takes a slot of the rate.';
