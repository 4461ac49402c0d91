-- The first check: if a name that this schema needs is taken, nothing is changed. The Supabase CLI prints the whole statement that
-- fails, and no hint. So the check is a function of pg_temp: its call is one line, and its message says everything.

create or replace function pg_temp.email_queue_check_names() returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_version text := coalesce((select substring(p.prosrc, 'return ''([^'']+)') from pg_proc as p where p.oid = to_regprocedure('public.email_queue_version()')), '?');
  v_migration text;
  v_jobs text[];
  v_taken text;
begin
  if to_regprocedure('email_queue_private.api()') is not null then
    if to_regclass('supabase_migrations.schema_migrations') is not null then
      execute 'select min(m.version || ''_'' || m.name) from supabase_migrations.schema_migrations as m where m.name like ''email#_queue#_%'' escape ''#''' into v_migration;
    end if;
    raise exception using errcode = '42710', message = format('email_queue: version %s is installed in this database already, %s Nothing was changed.', v_version,
      case when v_migration is null then 'without a migration: email-queue init writes the migration of that version, and marks it as applied. Drop nothing: the schema has the mail.'
        else format('by the migration %s. This file would install it a second time, because two branches have both run email-queue init: delete this file.', v_migration) end);
  end if;
  if to_regclass('cron.job') is not null then
    execute 'select array_agg(j.jobname::text) from cron.job as j where j.username = current_user and strpos(j.command, ''email_queue_'') = 0
      and j.jobname in (''email-queue-run'', ''email-queue-retention'', ''email-queue-cron-log'')' into v_jobs;
  end if;
  select string_agg(t.what, ', ' order by t.what) into v_taken from (
    -- Of another signature too: PostgREST and plain calls could not tell the two apart.
    select 'function ' || p.oid::regprocedure from pg_proc as p
    where p.pronamespace = 'public'::regnamespace and p.proname in (select split_part(f, '(', 1) from unnest(pg_temp.email_queue_api()) as f)
    union all
    select 'relation public.email_queue' where to_regclass('public.email_queue') is not null
    union all
    select 'type public.email_queue' where to_regclass('public.email_queue') is null and to_regtype('public.email_queue') is not null
    union all
    select 'schema email_queue_private' where to_regnamespace('email_queue_private') is not null
    union all
    select 'cron job ' || j from unnest(v_jobs) as j
  ) as t(what);
  if v_taken is not null then
    raise exception using errcode = '42710',
      message = format('email_queue: these names are taken in this database: %s. Nothing was changed. Rename or drop what is yours, then apply this migration again.', v_taken);
  end if;
end
$$;

select pg_temp.email_queue_check_names();
