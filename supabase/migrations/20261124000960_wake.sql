set standard_conforming_strings = on;

-- Wake-up on enqueue: a hint, so that an e-mail need not wait for the schedule. Off until email_queue_wake switches it on,
-- which is a value (wiring.wake_every_ms): nothing that operators do locks a table that enqueues write to.
--
-- An insert that finds a wake-up due leaves one row for its transaction, and the wake-up is decided when that commits: what
-- is rolled back wakes nobody, and takes nobody else's wake-up.

create table email_queue_private.waking (
  xact xid8 constraint waking_pkey primary key
);
alter table email_queue_private.waking enable row level security;
comment on table email_queue_private.waking is 'A row for each transaction that has enqueued while a wake-up was due, until its commit. Empty for all others.';
comment on column email_queue_private.waking.xact is 'The transaction.';

create table email_queue_private.wake_lock ();
comment on table email_queue_private.wake_lock is 'Empty. Locked while a session takes the wake-up that is due.';

-- A time further off than twice the longest interval is of a clock that was set back.
create function email_queue_private.wake_is_due(p_now bigint, p_next bigint) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_next <= p_now or p_next > p_now + 7200000
$$;
comment on function email_queue_private.wake_is_due(bigint, bigint) is 'Whether the function may be woken, both times in milliseconds.';

-- lock_timeout: where somebody has locked a table of ours there is no wake-up, and no wait.
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

-- With the owner's rights, as the next trigger: who enqueues may neither read Vault nor write here. Most inserts come here
-- and no further.
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

-- Of those that find it due at the same time, one gets the lock; nobody waits for it. The exception gives it back at
-- once, and the sequence keeps its value.
create function email_queue_private.take_wake() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint;
  v_every_ms integer := (email_queue_private.wiring_now()).wake_every_ms;
  v_mine boolean := false;
begin
  if v_every_ms is null then
    return false;
  end if;
  begin
    lock table email_queue_private.wake_lock in exclusive mode nowait;
    v_now := date_part('epoch', clock_timestamp()) * 1000;
    if exists (select from email_queue_private.next_wake as n where email_queue_private.wake_is_due(v_now, n.last_value)) then
      perform setval('email_queue_private.next_wake', v_now + v_every_ms);
      v_mine := true;
    end if;
    raise exception using errcode = 'EQ000', message = 'the lock is given back';
  exception when sqlstate 'EQ000' or lock_not_available then
    null;
  end;
  return v_mine;
end
$$;
comment on function email_queue_private.take_wake() is 'Whether the wake-up that is due is this session''s to send.';

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
comment on trigger waking_is_decided_at_commit on email_queue_private.waking is 'Deferred: what rolls back wakes nobody.';

create function email_queue_private.wakes() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select (email_queue_private.wiring_now()).wake_every_ms is not null
$$;
comment on function email_queue_private.wakes() is 'Whether an enqueue wakes the function.';

create function public.email_queue_wake(p_on boolean default true, p_every interval default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_every_ms integer;
begin
  perform email_queue_private.check_caller();
  if p_on is null then
    perform email_queue_private.refuse('on', 'must be true or false');
  end if;
  if p_every is not null and p_every not between interval '100 milliseconds' and interval '1 hour' then
    perform email_queue_private.refuse('every', 'must be 100 milliseconds to 1 hour');
  end if;
  if p_on then
    perform email_queue_private.need_extension('pg_net'), email_queue_private.vault_secret('email_queue_url'),
      email_queue_private.vault_secret('email_queue_secret');
  end if;
  insert into email_queue_private.wiring default values on conflict do nothing;
  update email_queue_private.wiring set wake_every_ms = case when p_on then coalesce(extract(epoch from p_every) * 1000, wake_every_ms, 1000) end
  where singleton returning wake_every_ms into v_every_ms;
  perform setval('email_queue_private.next_wake', 0);
  return jsonb_build_object('on', p_on, 'every_ms', v_every_ms);
end
$$;
comment on function public.email_queue_wake(boolean, interval) is
  'Has an enqueue call the function at once, at most once in p_every (1 second unless given) over all sessions. Answers {on, every_ms}.';

call email_queue_private.apply_grants();
