-- Wake-up on enqueue: a hint, so that an e-mail need not wait for the schedule. Off until email_queue_wake switches it on,
-- which is a value (wiring.wake_every_ms): nothing that operators do locks a table that enqueues write to.
--
-- An insert that finds a wake-up due leaves one row for its transaction, and the wake-up is decided when that commits. So a
-- rollback sends no wake-up, and takes none from another transaction.

-- With the owner's rights, as the next trigger: the role that enqueues may neither read Vault nor write here. Most inserts come only
-- this far.
create function email_queue_private.wake() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint := date_part('epoch', clock_timestamp()) * 1000;
  -- Not a query of the sequence: as an expression it takes a fifth of the time.
  v_next bigint := coalesce(pg_sequence_last_value('email_queue_private.next_wake'), 0);
begin
  -- As wake_is_due, which takes longer to call.
  if v_next <= v_now or v_next > v_now + 7200000 then
    perform email_queue_private.note_wake(v_now);
  end if;
  return null;
end
$$;
comment on function email_queue_private.wake() is 'Where a wake-up is due: leaves a row for the commit.';

-- On message: retries insert into ready only.
create trigger message_wakes_the_function after insert on email_queue_private.message
for each statement execute function email_queue_private.wake();
comment on trigger message_wakes_the_function on email_queue_private.message is 'An enqueue wakes the function, where email_queue_wake says so.';
