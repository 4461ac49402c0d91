drop index if exists email_queue_private.dispatch_turns;
create index dispatch_turns on email_queue_private.dispatch (type, lane, priority, created_at);
drop function if exists email_queue_private.last_dispatch_at(text, text);
