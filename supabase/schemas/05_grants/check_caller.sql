-- A function with the owner's rights begins with this. Inside it current_user is the owner, and through PostgREST
-- session_user is authenticator for every caller. So the caller is the role that was set, or the session's role if none was set.
create function email_queue_private.check_caller(p_role text default 'service_role') returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller text := coalesce(nullif(current_setting('role'), 'none'), session_user);
begin
  if v_caller not in (current_user, p_role)
    and not coalesce((select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = v_caller), false)
  then
    raise exception using errcode = '42501', message = format('email_queue: permission denied for role %I', v_caller),
      hint = 'Use a secret key of the project, or the role that owns email-queue.';
  end if;
end
$$;
comment on function email_queue_private.check_caller(text) is 'Refuses callers that are neither the owner nor the role that the function is for (nor a superuser).';
