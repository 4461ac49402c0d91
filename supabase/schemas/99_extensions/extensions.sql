-- pg_cron and pg_net are created here, in the session of the migrations: Supabase lets nobody create an extension through the
-- API of some projects. Where it cannot be done, the notice says what is missing; mail can be sent all the same by a caller that
-- calls the function. pg_net goes into the schema extensions or nowhere: never into public.
do $do$
declare
  v_name text;
  v_problem text;
begin
  foreach v_name in array array['pg_cron', 'pg_net'] loop
    continue when email_queue_private.has_extension(v_name);
    v_problem := 'this server does not offer it';
    begin
      if exists (select 1 from pg_catalog.pg_available_extensions as e where e.name = v_name) then
        v_problem := null;
        execute pg_catalog.format('create extension %I with schema %I', v_name, case when v_name = 'pg_cron' then 'pg_catalog' else 'extensions' end);
      end if;
    exception when others then
      v_problem := sqlerrm;
    end;
    if v_problem is not null then
      raise notice 'email_queue: the extension % is missing (%). It calls the function by schedule and at each enqueue. %',
        v_name, v_problem, email_queue_private.extension_remedy(v_name);
    end if;
  end loop;
end
$do$;
