-- Events of e-mails prove that the provider has accepted the e-mail.
create function email_queue_private.is_outbound(p_type text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_type in ('email.sent', 'email.scheduled', 'email.delivered', 'email.delivery_delayed', 'email.bounced', 'email.complained',
    'email.opened', 'email.clicked', 'email.failed', 'email.suppressed')
$$;
comment on function email_queue_private.is_outbound(text) is 'Whether a type of event is about an e-mail that was sent.';
