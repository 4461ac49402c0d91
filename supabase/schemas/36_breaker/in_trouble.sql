create function email_queue_private.in_trouble() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.breaker);
end
$$;
comment on function email_queue_private.in_trouble() is 'Whether any lane or endpoint got no answer lately.';
