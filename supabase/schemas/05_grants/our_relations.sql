create function email_queue_private.our_relations() returns setof pg_catalog.pg_class
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select c.* from pg_catalog.pg_class as c
  where c.relkind in ('r', 'v', 'S') and (c.relnamespace = 'email_queue_private'::regnamespace or c.oid = to_regclass('public.email_queue'))
$$;
comment on function email_queue_private.our_relations() is 'The tables, views and sequences of email-queue.';
