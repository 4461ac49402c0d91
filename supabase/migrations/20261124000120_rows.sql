set standard_conforming_strings = on;

-- The single rows, or what counts while one is missing: after a dump of the schema alone, squashed migrations, a truncated
-- table. Only what changes a row writes it, so nothing here is ever done inside an application's transaction.
create function email_queue_private.settings() returns email_queue_private.setting
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting;
begin
  select * into v_setting from email_queue_private.setting as s;
  if not found then
    -- The table's defaults, written as a row.
    v_setting := row(true, null, 10, interval '23 hours', 15, 10485760, 30000, 3600000, interval '30 days', interval '90 days', null);
  end if;
  return v_setting;
end
$$;
comment on function email_queue_private.settings() is 'The settings; the defaults where none are stored.';

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
comment on function email_queue_private.budget_now() is 'The budget; one of which nothing is known where none is stored.';

-- A run that did not see a pause would send all the same: whom row security hides rows from gets nothing to do.
create function email_queue_private.check_sees_all() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if row_security_active('email_queue_private.budget')
    and not coalesce(pg_has_role(current_user, to_regrole('service_role'), 'usage'), false)
  then
    raise exception using errcode = '42501', message = format('email_queue: row security hides the queue from role %I', current_user),
      hint = 'Use a secret key of the project, or the role that owns email-queue.';
  end if;
end
$$;
comment on function email_queue_private.check_sees_all() is 'Refuses callers from whom row security hides rows.';

call email_queue_private.apply_grants();
