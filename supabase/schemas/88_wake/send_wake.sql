create function email_queue_private.send_wake() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '10ms'
as $$
begin
  begin
    delete from email_queue_private.waking where xact = new.xact;
    if email_queue_private.take_wake() then
      perform email_queue_private.call_function('wake');
    end if;
  exception when query_canceled or others then
    begin
      delete from email_queue_private.waking where xact = new.xact;
    exception when query_canceled or others then
      null;
    end;
  end;
  return null;
end
$$;
comment on function email_queue_private.send_wake() is 'At the commit: calls the function, at most once in wake_every_ms over all sessions. Waits for nothing and fails nothing.';

create constraint trigger waking_is_decided_at_commit after insert on email_queue_private.waking
deferrable initially deferred for each row execute function email_queue_private.send_wake();
comment on trigger waking_is_decided_at_commit on email_queue_private.waking is 'Deferred: a rollback sends no wake-up.';
