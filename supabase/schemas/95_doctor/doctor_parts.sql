-- The doctor's checks of extensions, secrets and single rows.

create function email_queue_private.doctor_parts() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_found boolean;
  v_secret text;
  v_problem text;
  v_lost text;
begin
  perform email_queue_private.check_caller();
  return next email_queue_private.finding('connection', email_queue_private.connection_notice() ->> 'notice', 'something calls the function', 'email-queue deploy');
  foreach v_name in array array['pg_cron', 'pg_net', 'supabase_vault'] loop
    v_found := email_queue_private.has_extension(v_name);
    return next email_queue_private.finding(v_name, case when not v_found then format('the extension %s is missing', v_name)
        || coalesce(' (at installation: ' || nullif(email_queue_private.made_extensions()->>v_name, 'created') || ')', '') end, 'present',
      email_queue_private.extension_remedy(v_name));
  end loop;
  if not v_found then
    return;
  end if;
  foreach v_name in array array['email_queue_url', 'email_queue_secret'] loop
    select s.secret, s.problem into v_secret, v_problem from email_queue_private.read_secret(v_name) as s;
    return next email_queue_private.finding('vault ' || v_name,
      case when v_problem is not null then format('the Vault secret %s cannot be decrypted (%s): it was stored with another key, as in a restored database. The deployment replaces it', v_name, v_problem)
        when coalesce(v_secret, '') = '' then format('the Vault secret %s is missing', v_name) end, 'present', 'email-queue deploy');
  end loop;
  -- Connecting writes both: before it, none is missing.
  if (email_queue_private.read_secret('email_queue_url')).id is not null then
    v_lost := concat_ws(' and ',
      case when not exists (select from email_queue_private.setting as s) then 'the settings (email_queue_configure)' end,
      case when not exists (select from email_queue_private.wiring as w) then 'the interval of wake-ups (email_queue_wake)' end);
  end if;
  return next email_queue_private.finding('rows',
    case when v_lost <> '' then format('%s are missing, as after a restore of the schema alone: the defaults are used', v_lost) end, 'as they should be',
    'Set again what you had set with these functions. To store what .env says: email-queue deploy', 'warn');
end
$$;
comment on function email_queue_private.doctor_parts() is 'Whether anything calls the function; extensions, secrets and single rows.';
