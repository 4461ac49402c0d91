set standard_conforming_strings = on;

-- Wake-up on enqueue: a hint, so that an e-mail need not wait for the schedule. Off until email_queue_wake switches it on.

-- When the next wake-up may be sent, in milliseconds. A sequence, because its value is seen by all sessions at once, waits
-- for no lock and outlives a rollback. A row would be locked until the transaction that changed it ends.
create sequence email_queue_private.next_wake minvalue 0 start 0;
select setval('email_queue_private.next_wake', 0);
comment on sequence email_queue_private.next_wake is 'Before this time, in milliseconds since 1970, the function is not woken again.';

-- lock_timeout: where somebody has locked pg_net's table, or ours, there is no wake-up, and no wait.
create function email_queue_private.send_wake(p_now bigint) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '10ms'
as $$
declare
  v_mine boolean := false;
begin
  -- Of those that find it due at the same time, one gets the lock; nobody waits for it. The exception gives it back at
  -- once, and the sequence keeps its value.
  begin
    if pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtext('email_queue_wake'), 0)
      and not exists (select 1 from email_queue_private.next_wake as n where n.last_value between p_now + 1 and p_now + 7200000) then
      perform setval('email_queue_private.next_wake', p_now + (email_queue_private.wiring_now()).wake_every_ms);
      v_mine := true;
    end if;
    raise exception using errcode = 'EQ000', message = 'the lock is given back';
  exception when sqlstate 'EQ000' then
    null;
  end;
  if v_mine then
    perform email_queue_private.call_function('wake');
  end if;
exception when others then
  -- No enqueue fails for a wake-up: the schedule finds the message, and the doctor says what is wrong.
  null;
end
$$;
comment on function email_queue_private.send_wake(bigint) is 'Calls the function, unless another session does. Waits for nothing and fails nothing.';

-- With the owner's rights: who enqueues may neither read Vault nor write here. Most inserts come here and no further. A time further off than twice the longest interval is of
-- a clock that was set back.
create function email_queue_private.wake() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint := date_part('epoch', clock_timestamp()) * 1000;
  -- Not a query of the sequence: as an expression it takes a fifth of the time.
  v_next bigint := coalesce(pg_catalog.pg_sequence_last_value('email_queue_private.next_wake'), 0);
begin
  if v_next <= v_now or v_next > v_now + 7200000 then
    perform email_queue_private.send_wake(v_now);
  end if;
  return null;
end
$$;
comment on function email_queue_private.wake() is 'Calls the function, at most once in wake_every_ms over all sessions.';

-- On message: retries insert into ready only.
create trigger message_wakes_the_function after insert on email_queue_private.message
for each statement execute function email_queue_private.wake();
comment on trigger message_wakes_the_function on email_queue_private.message is 'Disabled, at no cost, until email_queue_wake enables it.';
alter table email_queue_private.message disable trigger message_wakes_the_function;

create function email_queue_private.wakes() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select t.tgenabled <> 'D' from pg_catalog.pg_trigger as t
  where t.tgrelid = 'email_queue_private.message'::regclass and t.tgname = 'message_wakes_the_function'
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
  update email_queue_private.wiring set wake_every_ms = coalesce(extract(epoch from p_every) * 1000, wake_every_ms) where singleton returning wake_every_ms into v_every_ms;
  if p_on is distinct from email_queue_private.wakes() then
    if p_on then
      alter table email_queue_private.message enable trigger message_wakes_the_function;
    else
      alter table email_queue_private.message disable trigger message_wakes_the_function;
    end if;
  end if;
  return jsonb_build_object('on', p_on, 'every_ms', v_every_ms);
end
$$;
comment on function public.email_queue_wake(boolean, interval) is
  'Has an enqueue call the function at once, at most once in p_every (1 second unless given) over all sessions. Answers {on, every_ms}.';

call email_queue_private.apply_grants();
