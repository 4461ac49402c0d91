-- Only sessions of email-queue can lock this empty table. An advisory lock could be held for ever by any login, as its number is
-- public. A lock of a table takes no transaction id and writes nothing.
create table email_queue_private.slot_lock ();
comment on table email_queue_private.slot_lock is 'Empty. Locked while a session takes a slot of the rate.';
