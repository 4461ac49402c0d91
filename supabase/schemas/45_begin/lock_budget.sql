-- Begins share this lock, and a change of the budget takes it alone. So once a pause is committed, no begin is under way that did not
-- see it. It is held until the end of the transaction, and taken before the budget's row, which exists from here on.
create function email_queue_private.lock_budget() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  lock table email_queue_private.budget_lock in exclusive mode;
  insert into email_queue_private.budget default values on conflict do nothing;
exception when lock_not_available then
  raise exception using errcode = 'lock_not_available', message = 'a begin is under way in a transaction that stays open',
    hint = 'Call it again, or end that transaction: pg_locks shows it, for the relation budget_lock.';
end
$$;
comment on function email_queue_private.lock_budget() is 'Waits for the begins under way; to be called before the budget is changed.';
