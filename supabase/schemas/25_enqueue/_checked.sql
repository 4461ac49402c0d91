-- One message of a call: checked, with its payload as it is stored and its lane.
create type email_queue_private.checked as (message email_queue_private.message, payload jsonb, lane text);
comment on type email_queue_private.checked is 'A message of an enqueue call that was found good.';
