-- The doctor's checks of Supabase Auth's mail. Only the newest messages are read, and of the waiting ones those of the lanes of secret mail. Whether
-- Auth may call the hook is among the grants.
create function email_queue_private.doctor_auth() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
declare
  v_last timestamptz;
  v_oldest timestamptz;
  v_seconds integer;
  v_patience integer := 60 + email_queue_private.call_seconds();
  v_expired bigint;
  v_expired_at timestamptz;
  v_failed bigint;
  v_failed_at timestamptz;
  v_failed_for text;
begin
  select max(m.created_at) into v_last
  from (select n.created_at, n.secret, n.metadata from email_queue_private.message as n order by n.id desc limit 10000) as m
  where m.secret and m.metadata ? 'auth';
  with recursive lane(name) as (
    select (select min(r.lane) from email_queue_private.ready as r where r.type = 'email' and r.priority = 0)
    union all
    select (select min(r.lane) from email_queue_private.ready as r where r.type = 'email' and r.priority = 0 and r.lane > l.name) from lane as l where l.name is not null
  ), waiting(id) as (
    select r.id from (select l.name from lane as l where l.name like '%:secret' limit 1000) as l
    cross join lateral (select n.id from email_queue_private.ready as n where n.type = 'email' and n.lane = l.name and n.priority = 0 order by n.run_at, n.id limit 1000) as r
    union all
    select unnest(d.message_ids) from email_queue_private.dispatch as d where d.type = 'email' and d.settled_at is null and d.priority = 0 and d.lane like '%:secret'
  )
  select min(m.created_at) into v_oldest from waiting as w join email_queue_private.message as m on m.id = w.id where m.metadata ? 'auth';
  select count(*) filter (where m.reason = 'expired'), max(m.completed_at) filter (where m.reason = 'expired'),
    count(*) filter (where m.reason <> 'expired'), max(m.completed_at) filter (where m.reason <> 'expired'),
    (array_agg(concat_ws(', ', m.reason, nullif(concat_ws(' ', m.errors -> -1 ->> 'status', m.errors -> -1 ->> 'name', m.errors -> -1 ->> 'message'), ''))
      order by m.completed_at desc) filter (where m.reason <> 'expired'))[1]
  into v_expired, v_expired_at, v_failed, v_failed_at, v_failed_for
  from (select n.reason, n.status, n.errors, n.completed_at, n.secret, n.metadata from email_queue_private.message as n where n.reason is not null order by n.id desc limit 1000) as m
  where m.status = 'failed' and m.secret and m.metadata ? 'auth' and m.completed_at > statement_timestamp() - interval '1 day';
  if coalesce(v_last, v_oldest, v_expired_at, v_failed_at) is null then
    return;
  end if;
  v_seconds := floor(extract(epoch from statement_timestamp() - v_oldest));
  return next email_queue_private.finding('auth mail', case when v_oldest is not null then format('the oldest mail of Supabase Auth has waited %s seconds, and a user with it', v_seconds) end,
    format('none waits; the last one was enqueued at %s', v_last), 'The other findings say why. If none does, to start a run: select email_queue_call();',
    case when v_seconds <= v_patience then 'ok' when v_seconds > v_patience + 300 then 'fail' else 'warn' end);
  return next email_queue_private.finding('expired auth mail', case when v_expired > 0
      then format('%s mails of Supabase Auth were not sent in the last day, since their links were no longer valid; the last one at %s', v_expired, v_expired_at) end, 'none in the last day',
    'Each user can ask for another one. The other findings say whether something still holds mail up', 'warn');
  return next email_queue_private.finding('failed auth mail', case when v_failed > 0
      then format('%s mails of Supabase Auth failed in the last day; the last one at %s: %s', v_failed, v_failed_at, v_failed_for) end, 'none in the last day',
    'Correct what the error names: the sender, a template, the address. The failed messages with "auth" in their metadata are these mails; each user can ask for another one', 'warn');
end
$$;
comment on function email_queue_private.doctor_auth() is 'Supabase Auth''s mails: the last one, the oldest that waits, those that expired and that failed. Nothing where there were none.';
