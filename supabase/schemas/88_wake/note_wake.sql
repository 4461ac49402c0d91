-- lock_timeout: if another session has locked a table of the queue, there is no wake-up, and no wait.
create function email_queue_private.note_wake(p_now bigint) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '10ms'
as $$
begin
  if (email_queue_private.wiring_now()).wake_every_ms is null then
    -- Off: enqueues need not look again for a second. Switching it on sets it back.
    perform setval('email_queue_private.next_wake', p_now + 1000);
  else
    insert into email_queue_private.waking (xact) values (pg_current_xact_id()) on conflict do nothing;
  end if;
exception when others then
  -- No enqueue fails for a wake-up: the schedule finds the message, and the doctor says what is wrong.
  null;
end
$$;
comment on function email_queue_private.note_wake(bigint) is 'Has the commit of this transaction see to the wake-up. Waits for nothing and fails nothing.';
