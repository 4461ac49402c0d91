-- A run that does not see a pause would send in spite of it. So a caller from whom row security hides rows gets nothing to do.
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
