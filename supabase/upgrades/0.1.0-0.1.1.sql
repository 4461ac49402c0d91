alter table email_queue_private.dispatch add column turn boolean not null default false;
create index if not exists dispatch_rounds on email_queue_private.dispatch (type, priority, id) where turn;
drop function if exists email_queue_private.last_lane(text);
drop function if exists email_queue_private.heads(text, timestamp with time zone, text[], integer, text);
drop function if exists email_queue_private.form_dispatch(text, text, smallint, timestamp with time zone, uuid, uuid, interval, integer, integer);
