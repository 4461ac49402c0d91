-- pg_cron calls the function through pg_net, with its address and secret from Vault. These extensions are optional: a function that needs
-- one looks for it when it is called, and names it if it is missing. So all SQL about them is dynamic.

-- pg_net sends after the commit. Any login can read its queue, so the header carries a secret that can only start a run.
-- pg_net has one worker, which waits for the slowest of its requests: the function answers at once and works on.
create function email_queue_private.call_function(p_cause text) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
begin
  perform email_queue_private.need_extension('pg_net');
  execute email_queue_private.external('select net.http_post(url := $1, headers := $2, timeout_milliseconds := 5000)') into v_id
  using email_queue_private.vault_secret('email_queue_url'),
    jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer ' || email_queue_private.vault_secret('email_queue_secret'),
      'Prefer', 'respond-async', 'X-Email-Queue-Cause', p_cause);
  -- After a crash of the server pg_net's ids, which are unlogged, start again.
  insert into email_queue_private.call (request_id, called_at, cause) values (v_id, clock_timestamp(), p_cause)
  on conflict (request_id) do update set called_at = excluded.called_at, cause = excluded.cause;
  return v_id;
end
$$;
comment on function email_queue_private.call_function(text) is 'Asks pg_net to call the function; answers the request''s id.';
