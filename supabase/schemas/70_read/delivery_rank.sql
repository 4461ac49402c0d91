-- How far an e-mail has come, by what was reported: sent < delayed < delivered < suppressed < failed < bounced. Null: the event does not say.
create function email_queue_private.delivery_rank(p_type text) returns integer
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_type in ('email.sent', 'email.scheduled') then 1
    when p_type = 'email.delivery_delayed' then 2
    when p_type in ('email.delivered', 'email.opened', 'email.clicked', 'email.complained') then 3
    when p_type = 'email.suppressed' then 4
    when p_type = 'email.failed' then 5
    when p_type = 'email.bounced' then 6 end;
end
$$;
comment on function email_queue_private.delivery_rank(text) is 'How far an event shows that an e-mail has come; of several the highest counts.';
