-- On a preview branch, or after a database reset, the migrations have made the queue, and no deployment has said who calls the function.
-- A run of the last day shows that something else calls it.
-- lock_timeout: if another session has locked one of the tables, there is no notice, and no wait.
create function email_queue_private.connection_notice() returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set lock_timeout = '10ms'
as $$
begin
  -- By its key: an enqueue reads a page of the index and one of the table.
  if exists (select from email_queue_private.wiring as w where w.singleton and (w.cron_line is not null or w.wake_every_ms is not null))
    or exists (select from email_queue_private.run as r where r.started_at > statement_timestamp() - interval '1 day') then
    return '{}'::jsonb;
  end if;
  return jsonb_build_object('notice', 'not connected: nothing calls the function for this database, as on a new preview branch or after a reset, and e-mail waits. On this machine: email-queue dev. Elsewhere: email-queue deploy');
exception when others then
  -- No enqueue fails for a notice.
  return '{}'::jsonb;
end
$$;
comment on function email_queue_private.connection_notice() is 'Where nothing calls the function: {notice}, which says what to do; else {}.';
