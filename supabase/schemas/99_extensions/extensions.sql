-- pg_cron and pg_net are created here, in the session of the migrations, because in some projects no extension can be created
-- through the API. If it fails, a notice says what is missing; a caller of the function can still start it. pg_net goes into the schema extensions or nowhere: never into public. The result is kept, for the doctor, and so that an
-- uninstall removes what was made here and nothing else.
do $do$
declare
  v_name text;
  v_problem text;
  v_made jsonb := '{}'::jsonb;
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
    v_made := v_made || pg_catalog.jsonb_build_object(v_name, coalesce(v_problem, 'created'));
    if v_problem is not null then
      raise notice 'email_queue: the extension % is missing (%). It calls the function by schedule and at each enqueue. %',
        v_name, v_problem, email_queue_private.extension_remedy(v_name);
    end if;
  end loop;
  execute pg_catalog.format('create or replace function email_queue_private.made_extensions() returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp as $f$ select %L::jsonb $f$', v_made);
end
$do$;
comment on function email_queue_private.made_extensions() is 'The extensions that the installation tried to create: {name: created, or why not}. Those that were there before are not in it.';
