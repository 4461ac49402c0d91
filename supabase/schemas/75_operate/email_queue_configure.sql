create function public.email_queue_configure(p_settings jsonb default '{}') returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_key text;
  v_constraint text;
  v_setting email_queue_private.setting;
  v_before jsonb;
  v_changed jsonb;
begin
  if coalesce(jsonb_typeof(p_settings), 'null') <> 'object' then
    perform email_queue_private.refuse('settings', 'must be an object');
  end if;
  if p_settings = '{}' then
    return to_jsonb(email_queue_private.settings()) - 'singleton';
  end if;
  insert into email_queue_private.setting default values on conflict do nothing;
  select * into v_setting from email_queue_private.setting for update;
  v_before := to_jsonb(v_setting);
  for v_key in select jsonb_object_keys(p_settings) loop
    if not to_jsonb(v_setting) ? v_key or v_key = 'singleton' then
      perform email_queue_private.refuse(left(v_key, 60), 'is not a setting');
    end if;
    if jsonb_typeof(p_settings -> v_key) = 'null' and v_key not in ('default_sender', 'horizon', 'payload_retention', 'auth_sender', 'auth_url', 'auth_site_url', 'auth_product', 'auth_language')
      or v_key in ('default_sender', 'auth_sender') and jsonb_typeof(p_settings -> v_key) not in ('string', 'null')
      or v_key in ('default_sender', 'auth_sender') and jsonb_typeof(p_settings -> v_key) = 'string' and (email_queue_private.sender_fault(p_settings -> v_key)).message is not null then
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
      payload_retention = v_setting.payload_retention, record_clients = v_setting.record_clients, soft_bounces = v_setting.soft_bounces,
      auth_sender = v_setting.auth_sender, auth_url = v_setting.auth_url, auth_site_url = v_setting.auth_site_url,
      auth_product = v_setting.auth_product, auth_language = v_setting.auth_language, auth_link_lifetime = v_setting.auth_link_lifetime,
      audit_retention = v_setting.audit_retention
    where singleton;
  exception when check_violation then
    -- A constraint is named after its setting, without the unit.
    get stacked diagnostics v_constraint = constraint_name;
    select k into v_key from jsonb_object_keys(to_jsonb(v_setting)) as k
    where starts_with(v_constraint, 'setting_' || regexp_replace(k, '_ms$', '') || '_');
    perform email_queue_private.refuse(v_key, email_queue_private.setting_rule(v_key));
  end;
  -- A value with an at sign is a sender, or an address with a password.
  select jsonb_object_agg(s.key, case when position('@' in s.value #>> '{}') > 0 then '"…"' else s.value end) into v_changed
  from jsonb_each(to_jsonb(v_setting)) as s where s.value <> v_before -> s.key;
  if v_changed is not null then
    perform email_queue_private.note_action('configure', null, v_changed);
  end if;
  return to_jsonb(v_setting) - 'singleton';
end
$$;
comment on function public.email_queue_configure(jsonb) is 'Changes settings (those named) and answers all of them.';
