create table email_queue_private.wake_lock ();
comment on table email_queue_private.wake_lock is 'Empty. Locked while a session takes the wake-up that is due.';
