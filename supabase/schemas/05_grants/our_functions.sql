-- All functions of the queue except api(): those of the private schema, and those of public that the list names.
create function email_queue_private.our_functions() returns setof pg_catalog.pg_proc
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p.* from pg_catalog.pg_proc as p
  where p.pronamespace = 'email_queue_private'::regnamespace
    or p.oid in (select to_regprocedure('public.' || f) from unnest(email_queue_private.api()) as f)
$$;
comment on function email_queue_private.our_functions() is 'The functions and procedures of email-queue.';
