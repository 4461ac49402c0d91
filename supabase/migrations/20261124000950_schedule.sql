set standard_conforming_strings = on;

-- What starts the function: pg_cron calls it through pg_net, with its address and secret from Vault. These extensions are
-- optional: what needs one looks for it when it is called, and names what is missing. Everything about them is dynamic.

create table email_queue_private.call (
  request_id bigint constraint call_pkey primary key,
  called_at timestamptz not null,
  cause text not null,
  constraint call_cause_is_known check (cause in ('schedule', 'wake', 'hand'))
);
create index call_called_at on email_queue_private.call (called_at);
alter table email_queue_private.call enable row level security;
comment on table email_queue_private.call is 'Which of pg_net''s requests are ours, for the doctor. Kept as long as pg_net keeps its answers.';
comment on column email_queue_private.call.request_id is 'The id in net._http_response.';
comment on column email_queue_private.call.called_at is 'When it was asked for; it leaves after the commit.';
comment on column email_queue_private.call.cause is 'schedule, wake (an enqueue) or hand (somebody called email_queue_call).';
comment on index email_queue_private.call_called_at is 'The latest calls, and those to forget.';

create function email_queue_private.missing(p_what text, p_remedy text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = '55000', message = format('email_queue: %s is missing', p_what), hint = p_remedy;
end
$$;
comment on function email_queue_private.missing(text, text) is 'Raises 55000 with what is missing, and how to mend it as the hint.';

-- By what is used of them, not by pg_extension: what stands in for one is as good.
create function email_queue_private.has_extension(p_name text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case p_name
    when 'pg_cron' then to_regclass('cron.job') is not null
    when 'pg_net' then exists (select 1 from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'net' and p.proname = 'http_post')
    when 'supabase_vault' then to_regclass('vault.decrypted_secrets') is not null
    else false end
$$;
comment on function email_queue_private.has_extension(text) is 'Whether pg_cron, pg_net or supabase_vault can be used.';

-- pg_net's functions are in the schema net wherever it is registered: not in public, which the API shows.
create function email_queue_private.extension_remedy(p_name text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when not exists (select from pg_available_extensions as e where e.name = p_name)
      then format('This server does not offer %s. Supabase does; on a server of your own install its package', p_name)
        || case when p_name <> 'supabase_vault' then ' and add it to shared_preload_libraries' else '' end
    when p_name = 'pg_cron' then 'In the dashboard: Integrations, Cron; or in its SQL editor: create extension pg_cron with schema pg_catalog;'
    when p_name = 'pg_net' then 'In the dashboard: Database, Extensions, pg_net; or in its SQL editor: '
      || case when to_regnamespace('extensions') is null then 'create schema extensions; ' else '' end || 'create extension pg_net with schema extensions;'
    else 'In the dashboard: Integrations, Vault; or in its SQL editor: create extension supabase_vault cascade;' end
$$;
comment on function email_queue_private.extension_remedy(text) is 'How an extension is created: never through the API, whose sessions may not.';

create function email_queue_private.need_extension(p_name text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if not email_queue_private.has_extension(p_name) then
    perform email_queue_private.missing('the extension ' || p_name, email_queue_private.extension_remedy(p_name));
  end if;
end
$$;
comment on function email_queue_private.need_extension(text) is 'Raises 55000 unless an extension can be used.';

-- The linter reads a query that stands in an execute, and would miss what is optional. It does not read through this.
create function email_queue_private.external(p_query text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p_query
$$;
comment on function email_queue_private.external(text) is 'A query of what an optional extension has.';

-- email_queue_url or email_queue_secret. Vault raises an error, or gives null, where it has not the key that a secret was
-- stored with: in a database that was restored elsewhere.
create function email_queue_private.read_secret(p_name text, out id uuid, out secret text, out problem text)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  execute email_queue_private.external('select s.id from vault.secrets as s where s.name = $1') into id using p_name;
  if id is null then
    return;
  end if;
  begin
    execute email_queue_private.external('select s.decrypted_secret from vault.decrypted_secrets as s where s.id = $1') into secret using id;
    if secret is null then
      problem := 'its key is not there';
    end if;
  exception when insufficient_privilege then
    raise;
  when others then
    problem := sqlerrm;
  end;
end
$$;
comment on function email_queue_private.read_secret(text) is 'A secret of ours in Vault. id: it is there. problem: why it cannot be decrypted.';

create function email_queue_private.vault_secret(p_name text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_secret text;
  v_problem text;
  v_remedy text := 'supabase/functions/deploy.sh stores it, or: select email_queue_connect(''<address of the function>'', ''<its PROCESS_EMAIL_QUEUE_SECRET>'');';
begin
  perform email_queue_private.need_extension('supabase_vault');
  select s.secret, s.problem into v_secret, v_problem from email_queue_private.read_secret(p_name) as s;
  if v_problem is not null then
    raise exception using errcode = '55000', message = format('email_queue: the Vault secret %s cannot be decrypted (%s)', p_name, v_problem), hint = v_remedy;
  elsif coalesce(v_secret, '') = '' then
    perform email_queue_private.missing('the Vault secret ' || p_name, v_remedy);
  end if;
  return v_secret;
end
$$;
comment on function email_queue_private.vault_secret(text) is 'A secret of ours from Vault; raises 55000 with its name where it is missing or cannot be decrypted.';

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

create function public.email_queue_call(p_cause text default 'hand') returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
begin
  perform email_queue_private.check_caller();
  delete from email_queue_private.call where request_id in (
    select c.request_id from email_queue_private.call as c where c.called_at < clock_timestamp() - interval '6 hours' order by c.called_at limit 100);
  if p_cause = 'schedule' and email_queue_private.is_listened_to() then
    return jsonb_build_object('request_id', null, 'listening', true);
  end if;
  return jsonb_build_object('request_id', email_queue_private.call_function(p_cause));
end
$$;
comment on function public.email_queue_call(text) is 'Starts a run of the function through pg_net, as the schedule does. email_queue_doctor says what came of it.';

-- A run that died is believed in for no longer than it keeps enqueues quiet.
create function email_queue_private.is_listened_to() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint := floor(extract(epoch from clock_timestamp()) * 1000);
begin
  return (email_queue_private.wiring_now()).wake_every_ms <= 5000
    and exists (select from email_queue_private.next_wake as n where n.last_value between v_now + 1 and v_now + 10000)
    and exists (select from email_queue_private.run as r where r.started_at > clock_timestamp() - interval '5 minutes'
      and r.ended_at is null and r.last_seen_at > clock_timestamp() - interval '15 seconds');
end
$$;
comment on function email_queue_private.is_listened_to() is 'Whether a run is under way that looks for mail every few seconds: the schedule need not call.';

create function email_queue_private.store_secret(p_name text, p_secret text, p_description text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
  v_old text;
  v_problem text;
begin
  select * into v_id, v_old, v_problem from email_queue_private.read_secret(p_name);
  if v_problem is not null then
    -- update_secret decrypts it first, so it could not replace it.
    execute email_queue_private.external('delete from vault.secrets as s where s.id = $1') using v_id;
    raise warning 'email_queue: the Vault secret % could not be decrypted (%) and was replaced', p_name, v_problem;
  end if;
  if v_id is null or v_problem is not null then
    execute email_queue_private.external('select vault.create_secret($1, $2, $3)') using p_secret, p_name, p_description;
  elsif v_old is distinct from p_secret then
    execute email_queue_private.external('select vault.update_secret($1, $2)') using v_id, p_secret;
  else
    return 'kept';
  end if;
  return case when v_problem is null then 'stored' else 'unreadable' end;
end
$$;
comment on function email_queue_private.store_secret(text, text, text) is
  'Stores a secret in Vault: kept (it was there already), stored, or unreadable (what was there could not be decrypted, and was replaced).';

-- A database that was restored into a new project still has the address of the original's function: what was replaced is said.
create function public.email_queue_connect(p_url text, p_secret text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_name text;
  v_extensions jsonb := '{}'::jsonb;
  v_old text;
  v_url text;
  v_secret text;
  v_grants text;
begin
  perform email_queue_private.check_caller();
  if coalesce(p_url, '') !~ '^https?://[^[:space:]/]+' then
    perform email_queue_private.refuse('url', 'must be the address of the function, like https://<project>.supabase.co/functions/v1/process-email-queue');
  end if;
  if coalesce(p_secret, '') !~ '^[!-~]{16,}$' then
    perform email_queue_private.refuse('secret', 'must have at least 16 printable ASCII characters and no space');
  end if;
  foreach v_name in array array['supabase_vault', 'pg_net', 'pg_cron'] loop
    v_extensions := v_extensions || jsonb_build_object(v_name, case when email_queue_private.has_extension(v_name) then 'present'
      else 'missing: ' || email_queue_private.extension_remedy(v_name) end);
  end loop;
  perform email_queue_private.need_extension('supabase_vault');
  v_grants := email_queue_private.mend_grants();
  v_old := email_queue_private.identity_address((email_queue_private.read_secret('email_queue_url')).secret);
  v_url := email_queue_private.store_secret('email_queue_url', p_url, 'email-queue: the address of process-email-queue');
  v_secret := email_queue_private.store_secret('email_queue_secret', p_secret, 'email-queue: PROCESS_EMAIL_QUEUE_SECRET of the function');
  perform email_queue_private.adopt_next();
  -- From here on a row that is not there was lost.
  insert into email_queue_private.setting default values on conflict do nothing;
  insert into email_queue_private.wiring default values on conflict do nothing;
  return jsonb_build_object('extensions', v_extensions, 'changed', v_url <> 'kept' or v_secret <> 'kept', 'grants_mended', v_grants,
    'replaced', case when v_old <> email_queue_private.identity_address(p_url) then v_old end,
    'unreadable', array_remove(array[case when v_url = 'unreadable' then 'email_queue_url' end, case when v_secret = 'unreadable' then 'email_queue_secret' end], null));
end
$$;
comment on function public.email_queue_connect(text, text) is
  'Stores the function''s address and secret in Vault, puts the grants right where they are not, and, where no function has sent from this database yet, lets the next one that asks. Answers {extensions, changed, grants_mended, replaced, unreadable}; replaced is another host that was stored before, unreadable names the secrets that could not be decrypted and were replaced.';

call email_queue_private.apply_grants();
