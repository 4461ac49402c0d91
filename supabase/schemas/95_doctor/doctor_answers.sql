-- The doctor's checks of calls: what pg_net does with them, and what the function answered. After a crash pg_net's tables are empty, and
-- its ids begin at 1 again. Its answers are kept for pg_net.ttl, or until they are deleted. So a missing answer says nothing, and
-- answers from before the crash are not read.

create function email_queue_private.doctor_answers() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_waiting timestamptz;
  v_queued bigint;
  v_patience interval;
  v_works boolean;
  v_id bigint;
  v_call text;
  v_status integer;
  v_timed_out boolean;
  v_error text;
  v_content text;
begin
  perform email_queue_private.check_caller();
  if not email_queue_private.has_extension('pg_net') or pg_is_in_recovery() then
    return;
  end if;
  -- pg_net takes a batch of requests, of all users, and the next one when the slowest of the batch has ended.
  execute email_queue_private.external('select count(*), greatest(interval ''2 minutes'', least(2 * max(q.timeout_milliseconds), 900000) * interval ''1 millisecond'') from net.http_request_queue as q')
    into v_queued, v_patience;
  -- With our header: after a crash others' requests may have the ids of our calls.
  execute email_queue_private.external('select min(c.called_at) from net.http_request_queue as q join email_queue_private.call as c on c.request_id = q.id
    where q.headers ? ''X-Email-Queue-Cause'' and c.called_at < statement_timestamp() - $1') into v_waiting using v_patience;
  if v_waiting is not null then
    execute email_queue_private.external('select exists (select from net._http_response as r where r.created > statement_timestamp() - $1)') into v_works using v_patience;
    return next case
      when v_works then email_queue_private.finding('answers', format('pg_net is busy: a call of %s waits among %s requests', v_waiting, v_queued), null,
        'Nothing to do in this queue: pg_net has one worker for the whole project, and other requests keep it busy (net.http_request_queue)', 'warn')
      else email_queue_private.finding('answers', format('pg_net has taken no request since %s', v_waiting), null,
        case when to_regprocedure('net.worker_restart()') is null then 'Its worker has stopped, and this version of pg_net cannot restart it alone. Restart the database (dashboard: Project Settings, General)'
          else 'Its worker has stopped. If this does not help within a minute, restart the database: select net.worker_restart();' end) end;
    return;
  end if;
  execute email_queue_private.external('select c.request_id, format(''of %s (%s)'', c.called_at, c.cause), r.status_code, r.timed_out, r.error_msg, left(r.content, 2000)
    from email_queue_private.call as c join net._http_response as r on r.id = c.request_id and r.created >= c.called_at - interval ''1 minute''
    where c.called_at >= $1 order by c.called_at desc, c.request_id desc limit 1') into v_id, v_call, v_status, v_timed_out, v_error, v_content
  using email_queue_private.server_started();
  return next case when v_id is null then email_queue_private.finding('answers', null, 'pg_net has kept no answer to a call')
    else email_queue_private.answer_finding(v_call, v_status, v_timed_out, v_error, v_content, jsonb_build_object('request_id', v_id)) end;
end
$$;
comment on function email_queue_private.doctor_answers() is 'What pg_net does with the calls, and got from the function.';
