-- When a run that should have started by now was asked for last. Its call was accepted, as far as is known.
create function email_queue_private.run_asked_for() returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_asked timestamptz;
begin
  if email_queue_private.has_extension('pg_net') and not pg_is_in_recovery() then
    execute email_queue_private.external('select max(c.called_at) from email_queue_private.call as c
      left join net._http_response as r on r.id = c.request_id and r.created >= c.called_at - interval ''1 minute''
      where c.called_at >= $1 and c.called_at < statement_timestamp() - interval ''1 minute'' and coalesce(r.status_code in (200, 202), r.id is null)
        and not exists (select from net.http_request_queue as q where q.id = c.request_id and q.headers ? ''X-Email-Queue-Cause'')') into v_asked
    using email_queue_private.server_started();
  end if;
  return v_asked;
end
$$;
comment on function email_queue_private.run_asked_for() is 'When a run was asked for last that should have started by now.';
