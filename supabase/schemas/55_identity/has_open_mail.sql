create function email_queue_private.has_open_mail() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select 1 from email_queue_private.ready as r where r.type = 'email')
    or exists (select 1 from email_queue_private.dispatch as d where d.type = 'email' and d.settled_at is null and d.token is null)
    or exists (select 1 from email_queue_private.dispatch as d where d.type = 'email' and d.token is not null)
$$;
comment on function email_queue_private.has_open_mail() is 'Whether any e-mail is open: scheduled, retrying and frozen ones too.';
