set standard_conforming_strings = on;

-- The doctor, of the queue: what waits, what stands in the way, and the settings around it. What waits is judged by whether it
-- goes on, and by how often the schedule calls.

-- What a pause waits for. What the provider said begins with its status; what an operator wrote does not.
create function email_queue_private.pause_remedy(p_reason text, p_until timestamptz, p_domain text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when p_until is not null then 'It ends by itself then. ' else '' end || case
    when p_reason !~ '^[45][0-9][0-9] ' then 'It was paused by hand. When it may go on: '
    when p_domain is not null then 'Verify the domain with Resend (https://resend.com/domains); then: '
    when p_reason like '429 %' then 'A quota of Resend''s plan is used up. When there is a larger plan, or a new month: '
    when p_reason ~ '^40[13] ' then 'Resend refuses the account or its key. When that is put right (a key: in .env, then deploy.sh): '
    else 'When what the reason names is put right: ' end
    || format('select email_queue_resume(%s);', case when p_domain is not null then quote_literal(p_domain) end)
$$;
comment on function email_queue_private.pause_remedy(text, timestamptz, text) is 'What a pause waits for, and what ends it.';

create function email_queue_private.doctor_queue() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting;
  v_budget email_queue_private.budget;
  v_domain email_queue_private.paused_domain;
  v_stats jsonb := public.email_queue_stats();
  v_due numeric := coalesce((v_stats #>> '{types,email,oldest_due_seconds}')::numeric, 0);
  v_call_seconds integer := email_queue_private.call_seconds();
  v_goes_on boolean;
  v_expired bigint;
  v_type text;
  v_paused boolean;
  v_silent text;
begin
  v_setting := email_queue_private.settings();
  v_budget := email_queue_private.budget_now();
  v_paused := v_budget.paused_at is not null and coalesce(v_budget.paused_until > statement_timestamp(), true);
  return next email_queue_private.finding('pause', case when v_paused then 'fail' else 'ok' end,
    case when v_paused then format('the queue is paused%s: %s', ' until ' || v_budget.paused_until, v_budget.pause_reason) else 'not paused' end,
    email_queue_private.pause_remedy(v_budget.pause_reason, v_budget.paused_until, null));
  for v_domain in select * from email_queue_private.paused_domain as p where p.paused_until is null or p.paused_until > statement_timestamp() order by p.domain loop
    return next email_queue_private.finding('paused domain', 'fail', format('%s is paused%s: %s', v_domain.domain, ' until ' || v_domain.paused_until, v_domain.reason),
      email_queue_private.pause_remedy(v_domain.reason, v_domain.paused_until, v_domain.domain));
  end loop;
  -- Without mail that waits for an answer the row only says how it was.
  select string_agg(format('%s of %s', b.streak, b.scope), ', ' order by b.scope) into v_silent from email_queue_private.breaker as b
  where b.streak >= 3 and (b.next_at > statement_timestamp() or v_due > 0
    or exists (select from email_queue_private.dispatch as d where d.frozen and d.settled_at is null and d.type = 'email'));
  return next email_queue_private.finding('provider', case when v_silent is not null then 'fail' else 'ok' end,
    case when v_silent is not null then format('requests got no answer in a row (%s): one at a time probes', v_silent) else 'it answers' end,
    'Nothing to do: it goes on by itself when Resend answers (https://resend-status.com)');
  return next email_queue_private.finding('cooldown', case when v_budget.cooldown_until > statement_timestamp() + interval '1 minute' then 'warn' else 'ok' end,
    case when v_budget.cooldown_until > statement_timestamp() then format('no request leaves before %s: %s', v_budget.cooldown_until, v_budget.cooldown_reason) else 'none' end,
    'Nothing to do: it goes on by itself then. Sooner only after a larger plan with Resend: select email_queue_resume();');
  -- A backlog takes its time. While it is worked off, its length says nothing.
  v_goes_on := exists (select from email_queue_private.dispatch as d where d.settled_at > statement_timestamp() - interval '2 minutes' and d.type = 'email');
  return next email_queue_private.finding('oldest message', case when v_goes_on or v_due <= 300 + v_call_seconds then 'ok' when v_due > 900 + v_call_seconds then 'fail' else 'warn' end,
    case when v_due > 0 then format('the oldest due e-mail has waited %s seconds%s', v_due, case when v_goes_on then ', and mail is being sent' else '' end) else 'nothing waits that is due' end,
    'The other findings say why. If none does, to start a run: select email_queue_call();');
  for v_type, v_expired in
    select d.type, count(*) from email_queue_private.dispatch as d
    where d.token is not null and d.visible_at < statement_timestamp() - interval '2 minutes' - v_call_seconds * interval '1 second' group by d.type
    union all
    select 'email', 0 where not exists (select from email_queue_private.dispatch as d where d.type = 'email' and d.token is not null
      and d.visible_at < statement_timestamp() - interval '2 minutes' - v_call_seconds * interval '1 second')
  loop
    return next email_queue_private.finding('expired leases', case when v_expired > 0 then 'fail' else 'ok' end,
      case when v_expired = 0 then 'none' when v_type = 'email' then format('%s dispatches have a lease that ran out, and no run has come to take them over', v_expired)
        else format('%s messages of type %s have a lease that ran out, and no consumer has come to take them over', v_expired, v_type) end,
      case when v_type = 'email' then 'select email_queue_call();' else 'Start the consumer of this type: its next dequeue takes them over' end);
  end loop;
  return next email_queue_private.finding('rate', 'ok', format('%s requests a second at most%s', v_setting.rate_limit,
    '; the provider allows ' || trim_scale(v_budget.learned_limit) || case when v_budget.learned_limit < v_setting.rate_limit then ', which is kept to' else '' end));
end
$$;
comment on function email_queue_private.doctor_queue() is 'What waits, and what stands in the way.';

create function email_queue_private.doctor_settings() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender text := (email_queue_private.settings()).default_sender;
  v_role text;
  v_timeout text;
  v_max_rows text;
begin
  return next email_queue_private.finding('default sender', case when v_sender is null then 'warn' else 'ok' end,
    coalesce('@' || email_queue_private.sender_domain(to_jsonb(v_sender)), 'none: an e-mail without "from" is refused at enqueue'),
    'Stores EMAIL_FROM: supabase/functions/deploy.sh');
  return next email_queue_private.finding('wake-up', 'ok', case when email_queue_private.wakes()
    then format('on: at most once in %s ms', (email_queue_private.wiring_now()).wake_every_ms) else 'off: mail waits for the schedule' end);
  -- PostgREST sets what the role has in all databases; else what it logged in with counts.
  select r.rolname, split_part(c.line, '=', 2) into v_role, v_timeout
  from pg_catalog.pg_db_role_setting as d join pg_catalog.pg_roles as r on r.oid = d.setrole cross join unnest(d.setconfig) as c(line)
  left join pg_catalog.pg_database as b on b.oid = d.setdatabase
  where starts_with(c.line, 'statement_timeout=')
    and (r.rolname = 'service_role' and d.setdatabase = 0 or r.rolname = 'authenticator' and (d.setdatabase = 0 or b.datname = current_database()))
  order by r.rolname = 'service_role' desc, d.setdatabase <> 0 desc limit 1;
  return next email_queue_private.finding('statement timeout',
    -- A number alone is of milliseconds.
    case when (v_timeout || case when v_timeout ~ '^[0-9]+$' then 'ms' else '' end)::interval between interval '1 microsecond' and interval '4999 milliseconds' then 'warn' else 'ok' end,
    case when v_timeout is null then 'the server''s' else format('%s of the role %s', v_timeout, v_role) end,
    'alter role service_role set statement_timeout = ''8s''; notify pgrst, ''reload config'';');
  select split_part(c.line, '=', 2) into v_max_rows
  from pg_catalog.pg_db_role_setting as d join pg_catalog.pg_roles as r on r.oid = d.setrole cross join unnest(d.setconfig) as c(line)
  where r.rolname = 'authenticator' and starts_with(c.line, 'pgrst.db_max_rows=');
  return next email_queue_private.finding('max_rows', 'ok', coalesce(v_max_rows || ': ', '')
    || 'it cuts what is read of the view email_queue over HTTP; no function of the queue, which each give one value');
end
$$;
comment on function email_queue_private.doctor_settings() is 'Settings of the queue and of the roles that use it.';

-- Of a type of one's own. Dispatches are kept for a day.
create function email_queue_private.doctor_consumers() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_types text;
begin
  select string_agg(format('%s (%s, the oldest for %s seconds)', t.key, t.value ->> 'pending', t.value ->> 'oldest_due_seconds'), ', ' order by t.key) into v_types
  from jsonb_each(public.email_queue_stats() -> 'types') as t
  where t.key <> 'email' and (t.value ->> 'oldest_due_seconds')::numeric > 300
    and not exists (select 1 from email_queue_private.dispatch as d where d.type = t.key);
  return next email_queue_private.finding('consumers', case when v_types is null then 'ok' else 'warn' end,
    coalesce('nothing has dequeued these types in a day: ' || v_types, 'no other type waits in vain'),
    'Start the consumer of these types (email_queue_dequeue). Where a type is mistyped, enqueue its messages again under the right one and cancel these (email_queue_cancel).');
end
$$;
comment on function email_queue_private.doctor_consumers() is 'Types with messages that nobody takes.';

create function public.email_queue_doctor() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
  select jsonb_agg(f order by p.n, f.n)
  from unnest(array['doctor_schema', 'doctor_writable', 'doctor_parts', 'doctor_identity', 'doctor_job', 'doctor_answers', 'doctor_runs', 'doctor_queue', 'doctor_consumers', 'doctor_settings']) with ordinality as p(part, n)
  cross join lateral jsonb_array_elements(email_queue_private.examine(p.part)) with ordinality as f(f, n)
$$;
comment on function public.email_queue_doctor() is
  'What is broken and what mends it: a list of {check, status: ok|warn|fail|skip, detail, remedy}. As rows: select f.* from jsonb_to_recordset(email_queue_doctor()) as f("check" text, status text, detail text, remedy text).';

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
notify pgrst, 'reload schema';
