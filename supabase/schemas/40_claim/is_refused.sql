-- Whether the provider's last answer refused the sender domain of a lane. Other lanes of the same priority go before it.
create function email_queue_private.is_refused(p_lane text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.paused_domain as p where p.domain = split_part(p_lane, ':', 2) and p.refusals > 0);
end
$$;
comment on function email_queue_private.is_refused(text) is 'Whether the provider refused the sender domain of a lane when it was asked last.';
