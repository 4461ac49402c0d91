create function email_queue_private.pauses(p_domain email_queue_private.paused_domain) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return p_domain.paused_until is null or p_domain.paused_until > clock_timestamp();
end
$$;
comment on function email_queue_private.pauses(email_queue_private.paused_domain) is 'Whether the pause of a domain has not ended.';
