-- Whether the provider's reports arrive, and what they say of the mail. Where no event has ever come, nobody has asked for them.
create function email_queue_private.doctor_events() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_stream email_queue_private.event_stream;
  v_accepted timestamptz;
  v_all bigint;
  v_bounced bigint;
  v_complained bigint;
  v_webhook text := 'See whether the webhook is enabled (https://resend.com/webhooks), and whether its address is that of the function email-queue-events';
begin
  select * into v_stream from email_queue_private.event_stream;
  -- Of mail that was accepted an hour ago, something would be known.
  select max(m.completed_at) into v_accepted from (
    select n.status, n.completed_at, n.type, n.provider_message_id from email_queue_private.message as n order by n.id desc limit 1000
  ) as m where m.status = 'completed' and m.type = 'email' and m.provider_message_id is not null and m.completed_at < statement_timestamp() - interval '1 hour';
  return next email_queue_private.finding('events', case
      when v_stream.last_event_at < v_accepted - interval '5 minutes'
        then format('the last one came at %s, and mail was accepted at %s', v_stream.last_event_at, v_accepted) end,
    coalesce('the last one came at ' || v_stream.last_event_at, 'none has ever come: what happened to accepted mail is not known'), v_webhook, 'warn');
  return next email_queue_private.finding('refused events', case
      when v_stream.refused > 0 and v_stream.refused_at > statement_timestamp() - interval '1 day'
        then format('%s since the last event had a signature of another secret, the last one at %s', v_stream.refused, v_stream.refused_at) end,
    'none since the last event, or none for a day', 'RESEND_WEBHOOK_SECRET must be the signing secret of the webhook (https://resend.com/webhooks). Correct it in .env; then: email-queue deploy', 'warn');

  select count(*), count(*) filter (where exists (select 1 from email_queue_private.event as e where e.message_id = m.id and e.type = 'email.bounced')),
    count(*) filter (where exists (select 1 from email_queue_private.event as e where e.message_id = m.id and e.type = 'email.complained'))
  into v_all, v_bounced, v_complained
  from (select n.id, n.status, n.type from email_queue_private.message as n order by n.id desc limit 10000) as m
  where m.status = 'completed' and m.type = 'email';
  -- One of few says nothing.
  return next email_queue_private.finding('bounces', case
      when v_bounced >= 5 and v_bounced > v_all * 0.04 then format('%s of the last %s mails bounced (%s %%): providers pause accounts from 4 %% on', v_bounced, v_all, round(v_bounced * 100.0 / v_all, 1)) end,
    format('%s of the last %s mails', v_bounced, v_all), 'Look at where these addresses come from (email_queue_suppressions lists those that bounced, which get no more mail)', 'warn');
  return next email_queue_private.finding('complaints', case
      when v_complained >= 2 and v_complained > v_all * 0.001 then format('%s of the last %s mails were complained about (%s %%): providers pause accounts from 0.3 %% on', v_complained, v_all, round(v_complained * 100.0 / v_all, 2)) end,
    format('%s of the last %s mails', v_complained, v_all), 'Send only to who has asked for it, and let everybody unsubscribe', case when v_complained > v_all * 0.003 then 'fail' else 'warn' end);
end
$$;
comment on function email_queue_private.doctor_events() is 'Whether events arrive, how many were refused, and how much of the mail bounces or is complained about.';
