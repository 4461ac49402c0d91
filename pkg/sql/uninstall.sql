-- Removes email-queue: its jobs, its Vault secrets, its objects, and the extensions that its installation made, where nothing uses
-- them. Where open mail or something of yours that uses the queue is there, it says so and removes nothing. Written by the command
-- `email-queue uninstall`.
create or replace function pg_temp.email_queue_uninstall(p_force boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_open bigint;
  v_dependants text;
  v_function text;
  v_made jsonb;
  v_name text;
  v_used boolean;
begin
  if to_regnamespace('email_queue_private') is null then
    raise notice 'email_queue: it is not installed in this database';
    return;
  end if;
  -- Nothing is enqueued between the look and the end.
  lock table email_queue_private.message in exclusive mode;
  select count(*) into v_open from email_queue_private.message as m where m.status is null;
  select string_agg(d, ', ' order by d) into v_dependants from email_queue_private.dependants() as d;
  if not p_force and (v_open > 0 or v_dependants is not null) then
    raise exception using errcode = '55006', message = concat('email_queue: it was not removed, and nothing was changed: ',
      case when v_open > 0 then format('%s open', case v_open when 1 then '1 message is' else v_open || ' messages are' end) end, case when v_open > 0 and v_dependants is not null then '; ' end,
      'these use it: ' || v_dependants, '. See to them first; or, to lose the mail and what cannot be without the queue: email-queue uninstall --force');
  end if;

  v_made := email_queue_private.made_extensions();
  if to_regclass('cron.job') is not null then
    execute 'select count(cron.unschedule(j.jobid)) from cron.job as j join email_queue_private.jobs() as o on o.name = j.jobname where j.username = current_user';
    execute 'delete from cron.job_run_details as d where d.username = current_user and d.command in (select o.command from email_queue_private.jobs() as o)';
  end if;
  if to_regclass('vault.secrets') is not null then
    execute 'delete from vault.secrets as s where s.name in (''email_queue_url'', ''email_queue_secret'')';
  end if;
  drop view public.email_queue cascade;
  for v_function in select p.oid::regprocedure from email_queue_private.our_functions() as p where p.pronamespace = 'public'::regnamespace loop
    execute format('drop function %s cascade', v_function);
  end loop;
  drop schema email_queue_private cascade;

  for v_name in select e.key from jsonb_each_text(v_made) as e where e.value = 'created' loop
    v_used := true;
    begin
      if v_name = 'pg_cron' then
        execute 'select exists (select from cron.job as j)' into v_used;
      else
        v_used := to_regnamespace('supabase_functions') is not null
          -- Supabase's own functions in the schema extensions give rights on it.
          or exists (select from pg_proc as p where p.prosrc ~* '(^|[^a-z0-9_])net[.]'
            and p.pronamespace not in (coalesce(to_regnamespace('net'), 0), coalesce(to_regnamespace('extensions'), 0)));
        if not v_used and to_regclass('cron.job') is not null then
          execute 'select exists (select from cron.job as j where j.command ~* ''(^|[^a-z0-9_])net[.]'')' into v_used;
        end if;
      end if;
      if not v_used then
        execute format('drop extension %I', v_name);
      end if;
    exception when others then
      raise notice 'email_queue: the extension % was left: %', v_name, sqlerrm;
    end;
  end loop;
  notify pgrst, 'reload schema';
end
$$;
select pg_temp.email_queue_uninstall(false);
drop function pg_temp.email_queue_uninstall(boolean);
