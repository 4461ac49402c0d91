-- A sequence, because its value is seen by all sessions at once. A row would be locked until the begin commits, and all
-- begins of all runs would wait for each other's commits.
create sequence email_queue_private.next_slot minvalue 0 start 0;
select setval('email_queue_private.next_slot', 0);
comment on sequence email_queue_private.next_slot is 'When the next request may leave, in microseconds since 1970.';
