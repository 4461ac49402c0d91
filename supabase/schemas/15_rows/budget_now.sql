create function email_queue_private.budget_now() returns email_queue_private.budget
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_budget email_queue_private.budget;
begin
  select * into v_budget from email_queue_private.budget as b;
  if not found then
    v_budget.singleton := true;
    v_budget.answered := false;
  end if;
  return v_budget;
end
$$;
comment on function email_queue_private.budget_now() is 'The budget; an unknown one if none is stored.';
