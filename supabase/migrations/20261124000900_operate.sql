set standard_conforming_strings = on;

-- What operators set and stop.

-- What a setting may be, in words; the constraints of the table say it in SQL.
create function email_queue_private.setting_rule(p_name text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_name = 'default_sender' then 'must be an e-mail address, or Name <address>'
    when p_name = 'rate_limit' then 'must be a number of requests a second, above 0 and at most 1000'
    when p_name = 'horizon' then 'must be an interval above zero and at most 23 hours'
    when p_name = 'default_max_attempts' then 'must be a whole number from 1 to 100'
    when p_name = 'max_payload_bytes' then 'must be a whole number from 1024 to 41943040'
    when p_name = 'retry_base_ms' then 'must be a whole number of milliseconds from 1 to 86400000'
    when p_name = 'retry_cap_ms' then 'must be a whole number of milliseconds from retry_base_ms to 86400000'
    when right(p_name, 10) = '_retention' then 'must be an interval above zero'
  end
$$;
comment on function email_queue_private.setting_rule(text) is 'What a setting may be, for an error.';

create function public.email_queue_configure(p_settings jsonb default '{}') returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_key text;
  v_constraint text;
  v_setting email_queue_private.setting;
begin
  if coalesce(jsonb_typeof(p_settings), 'null') <> 'object' then
    perform email_queue_private.refuse('settings', 'must be an object');
  end if;
  if p_settings = '{}' then
    return to_jsonb(email_queue_private.settings()) - 'singleton';
  end if;
  insert into email_queue_private.setting default values on conflict do nothing;
  select * into v_setting from email_queue_private.setting for update;
  for v_key in select jsonb_object_keys(p_settings) loop
    if not to_jsonb(v_setting) ? v_key or v_key = 'singleton' then
      perform email_queue_private.refuse(left(v_key, 60), 'is not a setting');
    end if;
    if jsonb_typeof(p_settings -> v_key) = 'null' and v_key not in ('default_sender', 'payload_retention')
      or v_key = 'default_sender' and jsonb_typeof(p_settings -> v_key) not in ('string', 'null')
      or v_key = 'default_sender' and jsonb_typeof(p_settings -> v_key) = 'string' and (email_queue_private.sender_fault(p_settings -> v_key)).message is not null then
      perform email_queue_private.refuse(v_key, email_queue_private.setting_rule(v_key));
    end if;
    begin
      v_setting := jsonb_populate_record(v_setting, jsonb_build_object(v_key, p_settings -> v_key));
    exception when data_exception then
      perform email_queue_private.refuse(v_key, email_queue_private.setting_rule(v_key));
    end;
  end loop;
  begin
    update email_queue_private.setting
    set default_sender = v_setting.default_sender, rate_limit = v_setting.rate_limit, horizon = v_setting.horizon,
      default_max_attempts = v_setting.default_max_attempts, max_payload_bytes = v_setting.max_payload_bytes,
      retry_base_ms = v_setting.retry_base_ms, retry_cap_ms = v_setting.retry_cap_ms,
      completed_retention = v_setting.completed_retention, failed_retention = v_setting.failed_retention,
      payload_retention = v_setting.payload_retention
    where singleton;
  exception when check_violation then
    -- A constraint is named after its setting, without the unit.
    get stacked diagnostics v_constraint = constraint_name;
    select k into v_key from jsonb_object_keys(to_jsonb(v_setting)) as k
    where starts_with(v_constraint, 'setting_' || regexp_replace(k, '_ms$', '') || '_');
    perform email_queue_private.refuse(v_key, email_queue_private.setting_rule(v_key));
  end;
  return to_jsonb(v_setting) - 'singleton';
end
$$;
comment on function public.email_queue_configure(jsonb) is 'Changes settings (those named) and answers all of them.';

create function public.email_queue_pause(p_reason text, p_domain text default null, p_seconds integer default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_until timestamptz := clock_timestamp() + p_seconds * interval '1 second';
begin
  if p_reason = '' then
    perform email_queue_private.refuse('reason', 'must be a text that says why');
  end if;
  -- A mistyped domain would look paused, and would not be.
  if email_queue_private.bare_address_fault('x@' || p_domain) is not null then
    perform email_queue_private.refuse('domain', 'must be a sender''s domain, as in example.com');
  end if;
  if p_seconds < 1 then
    perform email_queue_private.refuse('seconds', 'must be a whole number above 0');
  end if;
  if p_domain is null then
    perform email_queue_private.lock_budget();
    update email_queue_private.budget
    set paused_at = clock_timestamp(), paused_until = v_until, pause_reason = coalesce(p_reason, 'paused by an operator')
    where singleton;
  else
    insert into email_queue_private.paused_domain (domain, paused_at, paused_until, reason)
    values (lower(p_domain collate "C"), clock_timestamp(), v_until, coalesce(p_reason, 'paused by an operator'))
    on conflict (domain) do update
    set paused_at = excluded.paused_at, paused_until = excluded.paused_until, reason = excluded.reason, refusals = 0, first_refused_at = null;
  end if;
  return jsonb_build_object('domain', lower(p_domain collate "C"), 'paused_until', v_until);
end
$$;
comment on function public.email_queue_pause(text, text, integer) is 'Pauses the queue, or one sender domain, for some seconds or until resumed.';

create function public.email_queue_resume(p_domain text default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_resumed boolean;
begin
  if p_domain is null then
    -- A replay that was told to wait for a quota would otherwise wait on, past its horizon perhaps.
    update email_queue_private.dispatch
    set visible_at = clock_timestamp()
    where id = any (array(
      select d.id from email_queue_private.dispatch as d
      where d.frozen and d.token is null and d.visible_at > clock_timestamp() order by d.id for update));
    perform email_queue_private.lock_budget();
    delete from email_queue_private.breaker where scope is not null;
    v_resumed := found;
    update email_queue_private.budget
    set paused_at = null, paused_until = null, pause_reason = null, cooldown_until = null, cooldown_reason = null
    where paused_at is not null or cooldown_until > clock_timestamp();
    v_resumed := v_resumed or found;
  else
    delete from email_queue_private.paused_domain where domain = lower(p_domain collate "C");
    v_resumed := found;
  end if;
  return jsonb_build_object('domain', lower(p_domain collate "C"), 'resumed', v_resumed);
end
$$;
comment on function public.email_queue_resume(text) is 'Ends a pause of the queue (and its cooldown, the circuit breaker, and the wait of frozen dispatches), or of one sender domain.';

call email_queue_private.apply_grants();
notify pgrst, 'reload schema';
