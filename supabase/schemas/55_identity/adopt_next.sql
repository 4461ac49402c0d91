-- Lets the next function that asks send. This is for this server only: it has no effect in a copy.
create function email_queue_private.adopt_next() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into email_queue_private.identity (kind, server, last_server)
  select 'adopt', s.server, s.server from (select email_queue_private.this_server() as server) as s
  where not exists (select 1 from email_queue_private.identity as i where i.kind = 'recorded' or i.kind = 'adopt' and i.server = s.server);
end
$$;
comment on function email_queue_private.adopt_next() is 'Where no identity is recorded: has the next function that asks recorded, whatever waits.';
