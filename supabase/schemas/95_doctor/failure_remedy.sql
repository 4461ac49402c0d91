-- The remedy for a run that failed; null if the part that was missing is there by now.
create function email_queue_private.failure_remedy(p_message text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_message ~ 'email_queue: the (extension|Vault secret) ' then email_queue_private.parts_remedy()
    when p_message ~ 'read-only transaction' then 'First follow the remedy of "writable"; then: select email_queue_call();'
    when p_message ~ 'ERROR' then 'To try again, which also ends this finding if it succeeds: select email_queue_call();'
    else 'pg_cron could not run it, and tries again by itself. On a server of your own, look at its log, cron.host, pg_hba.conf and max_connections' end
$$;
comment on function email_queue_private.failure_remedy(text) is 'What to do about a failed run of the job that calls the function.';
