create function email_queue_private.doctor_settings() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender text := (email_queue_private.settings()).default_sender;
  v_role text;
  v_timeout text;
  v_max_rows text;
begin
  return next email_queue_private.finding('default sender', case when v_sender is null then 'none: an e-mail without "from" is refused at enqueue' end,
    '@' || email_queue_private.sender_domain(to_jsonb(v_sender)), 'To store EMAIL_FROM: email-queue deploy', 'warn');
  return next email_queue_private.finding('wake-up', null, case when email_queue_private.wakes()
    then format('on: at most once in %s ms', (email_queue_private.wiring_now()).wake_every_ms) else 'off: mail waits for the schedule' end);
  return next email_queue_private.finding('suppression list', case when not exists (select from email_queue_private.suppression_key)
      then 'the key of its hashes is gone, so a constant is used: entries and waiting mail from before do not match any more, and addresses can be guessed from the table' end,
    format('%s entries', (select count(*) from (select from email_queue_private.suppression as s where s.removed_at is null limit 100000) as s)),
    'Restore the row of email_queue_private.suppression_key from a backup. Without one, add the addresses again', 'warn');
  -- PostgREST sets what the role has in all databases; else what it logged in with counts.
  select r.rolname, split_part(c.line, '=', 2) into v_role, v_timeout
  from pg_catalog.pg_db_role_setting as d join pg_catalog.pg_roles as r on r.oid = d.setrole cross join unnest(d.setconfig) as c(line)
  left join pg_catalog.pg_database as b on b.oid = d.setdatabase
  where starts_with(c.line, 'statement_timeout=')
    and (r.rolname = 'service_role' and d.setdatabase = 0 or r.rolname = 'authenticator' and (d.setdatabase = 0 or b.datname = current_database()))
  order by r.rolname = 'service_role' desc, d.setdatabase <> 0 desc limit 1;
  return next email_queue_private.finding('statement timeout', v_timeout || ' of the role ' || v_role, 'the server''s',
    'alter role service_role set statement_timeout = ''8s''; notify pgrst, ''reload config'';',
    -- A number alone is of milliseconds.
    case when (v_timeout || case when v_timeout ~ '^[0-9]+$' then 'ms' else '' end)::interval between interval '1 microsecond' and interval '4999 milliseconds' then 'warn' else 'ok' end);
  select split_part(c.line, '=', 2) into v_max_rows
  from pg_catalog.pg_db_role_setting as d join pg_catalog.pg_roles as r on r.oid = d.setrole cross join unnest(d.setconfig) as c(line)
  where r.rolname = 'authenticator' and starts_with(c.line, 'pgrst.db_max_rows=');
  return next email_queue_private.finding('max_rows', null, coalesce(v_max_rows || ': ', '')
    || 'a longer list read from the view email_queue over HTTP is cut; the queue''s functions are not affected');
end
$$;
comment on function email_queue_private.doctor_settings() is 'Settings of the queue and of the roles that use it.';
