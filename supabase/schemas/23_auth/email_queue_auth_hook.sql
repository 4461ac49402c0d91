-- Supabase Auth's Send Email hook, called in the transaction of the sign-up, by supabase_auth_admin, who may do nothing else here. The user
-- waits for the mails that have a token: if one cannot be enqueued, the answer is an error. No other mail fails anything, and neither does
-- a type that is not known.
-- lock_timeout: Auth waits for two seconds.
create function public.email_queue_auth_hook(p_event jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '1500ms' set enable_seqscan = off set jit = off
as $$
declare
  v_type text := coalesce(p_event #>> '{email_data,email_action_type}', '');
  v_awaited boolean := v_type in ('signup', 'invite', 'magiclink', 'recovery', 'email_change', 'reauthentication', 'email');
  v_state text;
  v_message text;
  v_detail text;
begin
  perform email_queue_private.check_caller('supabase_auth_admin');
  begin
    if coalesce(jsonb_typeof(p_event -> 'email_data'), 'null') <> 'object' or coalesce(jsonb_typeof(p_event -> 'user'), 'null') <> 'object' then
      v_awaited := true;
      perform email_queue_private.refuse('event', 'has no user or no email_data');
    end if;
    -- Of a type to come, what has a token is sent in the plainest form.
    if v_awaited or v_type ~ '_notification$' or (p_event #>> '{email_data,token}') <> '' or (p_event #>> '{email_data,token_hash}') <> '' then
      perform email_queue_private.enqueue_auth(p_event, v_type, v_awaited);
    end if;
    return jsonb_build_object();
  exception when query_canceled or others then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
    return case when v_awaited then email_queue_private.auth_failure(v_state, v_message, v_detail) else jsonb_build_object() end;
  end;
end
$$;
comment on function public.email_queue_auth_hook(jsonb) is
  'Supabase Auth''s Send Email hook (pg-functions://postgres/public/email_queue_auth_hook), for supabase_auth_admin: enqueues Auth''s mails as secret messages of priority 0, in the transaction of the sign-up. Answers {}, or {error: {http_code, message}}.';
