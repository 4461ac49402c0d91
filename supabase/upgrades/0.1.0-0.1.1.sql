drop function email_queue_private.last_lane(text);
