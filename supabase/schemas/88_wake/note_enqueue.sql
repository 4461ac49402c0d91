-- Wake-up on enqueue: a hint, so that an e-mail need not wait for the schedule. Off until email_queue_wake switches it on,
-- which is a value (wiring.wake_every_ms): nothing that operators do locks a table that enqueues write to.
--
-- An enqueue that finds a wake-up due leaves one row for its transaction, and the wake-up is decided when that commits. So a
-- rollback sends no wake-up, and takes none from another transaction. After the rows, since these may have waited for another transaction.
-- As a trigger, this took an enqueue 10 microseconds more.
--
-- To look for the notice costs as much as an insert. So a session that found that something calls the function looks again in the next
-- second. A setting of somebody else's under this name hides the notice, and nothing else.
create function email_queue_private.note_enqueue() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint := date_part('epoch', clock_timestamp()) * 1000;
  -- Not a query of the sequence: as an expression it takes a fifth of the time.
  v_next bigint := coalesce(pg_sequence_last_value('email_queue_private.next_wake'), 0);
  v_second text := date_part('epoch', statement_timestamp())::bigint;
  v_notice jsonb := '{}'::jsonb;
begin
  perform nextval('email_queue_private.enqueued_here'); -- See identity.
  -- As wake_is_due, which takes longer to call.
  if v_next <= v_now or v_next > v_now + 7200000 then
    perform email_queue_private.note_wake(v_now);
  end if;
  if current_setting('email_queue.connected', true) is distinct from v_second then
    v_notice := email_queue_private.connection_notice();
    if v_notice = '{}' then
      perform set_config('email_queue.connected', v_second, false);
    end if;
  end if;
  return v_notice;
end
$$;
comment on function email_queue_private.note_enqueue() is 'What each enqueue does after its rows: counts, and leaves a row for the commit where a wake-up is due. Answers connection_notice().';
