create sequence email_queue_private.recorded_here;
comment on sequence email_queue_private.recorded_here is 'The server on which an identity was recorded last, as a number; unused if none was.';
