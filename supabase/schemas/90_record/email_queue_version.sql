-- A literal, which each version's migration replaces: a dump of the schema alone carries it.
create function public.email_queue_version() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.check_caller();
  return '{{version}}';
end
$$;
comment on function public.email_queue_version() is 'The version of this schema of email-queue.';
