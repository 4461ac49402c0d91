-- For the local stack alone. Supabase also runs this file on hosted databases: on each preview branch, with
-- `db reset --linked` and `db push --include-seed`. There it changes nothing: `supabase start` gives its database a setting
-- with the secret that every local stack has, and no hosted project has it. What is stored already stays.
-- The address is the function's as the database's container sees it; the secret is the one in supabase/functions/.env (see
-- README.md).
do $$
declare
  v_stored bigint := 0;
begin
  if coalesce(current_setting('app.settings.jwt_secret', true), '') <> 'super-secret-jwt-token-with-at-least-32-characters-long' then
    raise notice 'email_queue: this is not the database of a local stack with its own JWT secret: the seed changes nothing';
    return;
  end if;
  if public.email_queue_configure() ->> 'default_sender' is null then
    perform public.email_queue_configure('{"default_sender": "Local <mail@example.com>"}');
  end if;
  if to_regclass('vault.secrets') is not null then
    execute 'select count(*) from vault.secrets as s where s.name in (''email_queue_url'', ''email_queue_secret'')' into v_stored;
  end if;
  if v_stored = 0 then
    begin
      perform public.email_queue_connect('http://api.supabase.internal:8000/functions/v1/process-email-queue', 'only-for-this-machine');
      perform public.email_queue_schedule('10 seconds'), public.email_queue_wake();
    exception when object_not_in_prerequisite_state then
      raise warning '%', sqlerrm;
    end;
  end if;
end
$$;
