-- First of all: is a name taken that this schema needs? Then nothing is changed. The functions of pg_temp are there for that: the
-- Supabase CLI prints the whole statement that fails, and leaves hints out, so the call is one line and the message says all.

-- The list of the functions stands here once: email_queue_private.api() answers it, and grants are given and taken by it, never by
-- a pattern of names.
create or replace function pg_temp.email_queue_api() returns text[]
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select array[
    'email_queue_adopt()',
    'email_queue_call(text)',
    'email_queue_cancel(uuid)',
    'email_queue_configure(jsonb)',
    'email_queue_connect(text, text)',
    'email_queue_dead_letters(jsonb, integer, uuid)',
    'email_queue_dequeue(text[], uuid[], bigint)',
    'email_queue_discard(uuid[], jsonb, boolean, integer)',
    'email_queue_doctor()',
    'email_queue_enqueue(jsonb, text, integer, integer, timestamp with time zone, bigint, timestamp with time zone, text, jsonb, jsonb)',
    'email_queue_enqueue_many(jsonb)',
    'email_queue_erase(uuid)',
    'email_queue_extend(uuid, uuid, bigint)',
    'email_queue_get(uuid)',
    'email_queue_list(text, text, integer, uuid, timestamp with time zone, timestamp with time zone, jsonb)',
    'email_queue_pause(text, text, integer)',
    'email_queue_prune(integer)',
    'email_queue_redrive(uuid[], jsonb, boolean, boolean, integer, text)',
    'email_queue_resume(text)',
    'email_queue_schedule(text)',
    'email_queue_settle(jsonb)',
    'email_queue_stats()',
    'email_queue_unschedule()',
    'email_queue_version()',
    'email_queue_wake(boolean, interval)',
    'email_queue_worker_work(jsonb)'
  ]
$$;

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
    raise exception using errcode = '42710', message = format('email_queue: it is installed in this database already, as version %s, %s Nothing was changed.', v_version,
      case when v_migration is null then 'without a migration: email-queue init writes the one that it has, and marks it as applied. Drop nothing: its schema has the mail.'
        else format('by the migration %s. This one installs it a second time, as where two branches have both run email-queue init: delete this file.', v_migration) end);
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
create schema email_queue_private;
comment on schema email_queue_private is 'Tables and inner functions of email-queue. Nothing here is an API.';
do $do$
begin
  execute pg_catalog.format('create function email_queue_private.api() returns text[]
    language sql immutable set search_path = pg_catalog, pg_temp as $f$ select %L::text[] $f$', pg_temp.email_queue_api());
end
$do$;
comment on function email_queue_private.api() is 'The functions of email-queue in the schema public, by their signatures.';
drop function pg_temp.email_queue_check_names(), pg_temp.email_queue_api();
