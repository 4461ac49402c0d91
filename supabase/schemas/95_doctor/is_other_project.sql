-- The function reports one address, and Vault has another: one of the two may be left over from another project.
create function email_queue_private.is_other_project(p_called text, p_reported text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(case
    when p_called = 'localhost' then email_queue_private.project_ref(p_reported) is not null
    else email_queue_private.project_ref(p_called) <> coalesce(email_queue_private.project_ref(p_reported), case when p_reported = 'localhost' then '' end) end, false)
$$;
comment on function email_queue_private.is_other_project(text, text) is 'Whether two addresses are certainly of different projects.';
