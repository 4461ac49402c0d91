create index dispatch_rounds on email_queue_private.dispatch (type, priority, id);
drop function email_queue_private.last_lane(text);
drop function email_queue_private.heads(text, timestamp with time zone, text[], integer, text);
