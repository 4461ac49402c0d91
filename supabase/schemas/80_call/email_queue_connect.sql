-- A database that was restored into a new project still has the address of the original's function, so the answer names what was
-- replaced.
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
  if coalesce(p_url, '') !~ '^https?://[]A-Za-z0-9._:[-]+(/[!-~]*)?$' then
    perform email_queue_private.refuse('url',
      'must be the address of the function, without blanks and user, like https://<project>.supabase.co/functions/v1/process-email-queue');
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
  if v_url <> 'kept' or v_secret <> 'kept' or v_grants is not null then
    perform email_queue_private.note_action('connect', null, jsonb_build_object('grants_mended', nullif(v_grants is not null, false)));
  end if;
  return jsonb_build_object('extensions', v_extensions, 'changed', v_url <> 'kept' or v_secret <> 'kept', 'grants_mended', v_grants,
    'replaced', case when v_old <> email_queue_private.identity_address(p_url) then v_old end,
    'unreadable', array_remove(array[case when v_url = 'unreadable' then 'email_queue_url' end, case when v_secret = 'unreadable' then 'email_queue_secret' end], null));
end
$$;
comment on function public.email_queue_connect(text, text) is
  'Stores the function''s address and secret in Vault, and corrects wrong grants. If no function has sent from this database yet, the next one that asks may send. Answers {extensions, changed, grants_mended, replaced, unreadable}: replaced is the host that was stored before, if it was another; unreadable names the secrets that could not be decrypted and were replaced.';
