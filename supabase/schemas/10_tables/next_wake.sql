-- When the next wake-up may be sent, in milliseconds. A sequence, because its value is seen by all sessions at once, waits
-- for no lock and outlives a rollback. A row would be locked until the transaction that changed it ends.
create sequence email_queue_private.next_wake minvalue 0 start 0;
select setval('email_queue_private.next_wake', 0);
comment on sequence email_queue_private.next_wake is 'Before this time, in milliseconds since 1970, the function is not woken again.';
