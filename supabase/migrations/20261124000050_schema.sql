set standard_conforming_strings = on;

-- First of all: is a name taken that this schema needs? Then nothing is changed. The list of the functions stands here
-- once: email_queue_private.api() answers it, and grants are given and taken by it, never by a pattern of names.
do $do$
declare
  v_api text[] := array[
    'email_queue_adopt()',
    'email_queue_call(text)',
    'email_queue_cancel(uuid)',
    'email_queue_claim(uuid, text, bigint, integer, bigint)',
    'email_queue_begin(uuid, uuid, text, integer, bigint, bigint, bigint)',
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
    'email_queue_release(uuid, uuid)',
    'email_queue_resume(text)',
    'email_queue_schedule(text, integer)',
    'email_queue_settle(jsonb)',
    'email_queue_stats()',
    'email_queue_unschedule()',
    'email_queue_wake(boolean, interval)',
    'email_queue_work(jsonb)'
  ];
  v_taken text;
begin
  select pg_catalog.string_agg(t.what, ', ' order by t.what) into v_taken from (
    -- Of another signature too: PostgREST and plain calls could not tell the two apart.
    select 'function ' || p.oid::pg_catalog.regprocedure from pg_catalog.pg_proc as p
    where p.pronamespace = 'public'::pg_catalog.regnamespace
      and p.proname in (select pg_catalog.split_part(f, '(', 1) from pg_catalog.unnest(v_api) as f)
    union all
    select 'relation public.email_queue' where pg_catalog.to_regclass('public.email_queue') is not null
    union all
    select 'type public.email_queue'
    where pg_catalog.to_regclass('public.email_queue') is null and pg_catalog.to_regtype('public.email_queue') is not null
    union all
    select 'schema email_queue_private' where pg_catalog.to_regnamespace('email_queue_private') is not null
  ) as t(what);
  if pg_catalog.to_regprocedure('email_queue_private.api()') is not null then
    raise exception using errcode = '42710',
      message = 'email_queue: it is installed in this database already. Nothing was changed.',
      hint = 'Drop nothing: its schema has the mail. Its migrations run once; supabase migration list shows which have.';
  elsif v_taken is not null then
    raise exception using errcode = '42710',
      message = pg_catalog.format('email_queue: these names are taken in this database: %s. Nothing was changed.', v_taken),
      hint = 'Rename or drop what is yours (alter function … rename to …), then apply this migration again.';
  end if;
  create schema email_queue_private;
  execute pg_catalog.format('create function email_queue_private.api() returns text[]
    language sql immutable set search_path = pg_catalog, pg_temp as $f$ select %L::text[] $f$', v_api);
end
$do$;
comment on schema email_queue_private is 'Tables and inner functions of email-queue. Nothing here is an API.';
comment on function email_queue_private.api() is 'The functions of email-queue in the schema public, by their signatures.';

-- Supabase has these roles. Supabase Lite makes them only after the migrations, too late for the grants below, and a
-- stock PostgreSQL has none. Where they cannot be created, the grants pass them over.
do $$
declare
  v_role text;
begin
  foreach v_role in array array['anon', 'authenticated', 'service_role'] loop
    continue when exists (select 1 from pg_catalog.pg_roles where rolname = v_role);
    begin
      execute pg_catalog.format('create role %I nologin noinherit%s', v_role, case when v_role = 'service_role' then ' bypassrls' end);
    exception when insufficient_privilege or duplicate_object or unique_violation then
      raise notice 'email_queue: role % was not created: %', v_role, sqlerrm;
    end;
  end loop;
end
$$;

-- The functions in public run with the rights of their caller, so that one which became executable by mistake does nothing
-- for anon. These are the rights that service_role needs for them: no TRUNCATE, no UPDATE of a payload. Tables that only
-- functions with the owner's rights write are read only.
create function email_queue_private.rights() returns table (relation text, rights text)
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  values ('public.email_queue', 'select'),
    ('email_queue_private.setting', 'select, insert, update'),
    ('email_queue_private.message', 'select, insert, update, delete'),
    ('email_queue_private.body', 'select, insert, delete'),
    ('email_queue_private.ready', 'select, insert, update, delete'), -- update: rows are locked for a claim
    ('email_queue_private.dispatch', 'select, insert, update, delete'),
    ('email_queue_private.budget', 'select, insert, update'),
    ('email_queue_private.paused_domain', 'select, insert, update, delete'),
    ('email_queue_private.breaker', 'select, insert, update, delete'),
    ('email_queue_private.prune_cursor', 'select, insert, update'),
    ('email_queue_private.identity', 'select, insert, update, delete'),
    ('email_queue_private.enqueued_here', 'usage, select'),
    ('email_queue_private.recorded_here', 'usage, select, update'),
    ('email_queue_private.wiring', 'select'),
    ('email_queue_private.call', 'select'),
    ('email_queue_private.run', 'select, insert, update, delete'),
    ('email_queue_private.slot_lock', 'select, update'),
    ('email_queue_private.budget_lock', 'select, update'),
    ('email_queue_private.next_slot', 'usage, select, update'),
    ('email_queue_private.next_wake', 'usage, select, update')
$$;
comment on function email_queue_private.rights() is 'What service_role may do with the tables, the view and the sequences.';

-- All but api(): what is in the private schema is ours, and of public what the list names.
create function email_queue_private.our_functions() returns setof pg_catalog.pg_proc
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p.* from pg_catalog.pg_proc as p
  where p.pronamespace = 'email_queue_private'::regnamespace
    or p.oid in (select to_regprocedure('public.' || f) from unnest(email_queue_private.api()) as f)
$$;
comment on function email_queue_private.our_functions() is 'The functions and procedures of email-queue.';

create function email_queue_private.our_relations() returns setof pg_catalog.pg_class
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select c.* from pg_catalog.pg_class as c
  where c.relkind in ('r', 'v', 'S') and (c.relnamespace = 'email_queue_private'::regnamespace or c.oid = to_regclass('public.email_queue'))
$$;
comment on function email_queue_private.our_relations() is 'The tables, views and sequences of email-queue.';

-- Everything is taken from everybody, then service_role is given what it needs. Each migration that creates something
-- ends with a call of this, so that nothing is open between two migrations: PostgreSQL gives new functions to PUBLIC, and
-- Supabase's default privileges give what is new in public to anon. email_queue_connect and the retention job call it
-- where a dump was restored without its grants.
create procedure email_queue_private.apply_grants()
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text;
  v_function regprocedure;
  v_relation regclass;
  v_rights text;
  v_service boolean := to_regrole('service_role') is not null;
begin
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and to_regrole(v_role) is null;
    for v_function in select p.oid from email_queue_private.our_functions() as p loop
      execute format('revoke all on routine %s from %s', v_function, v_role);
    end loop;
    for v_relation in select c.oid from email_queue_private.our_relations() as c loop
      execute format('revoke all on table %s from %s', v_relation, v_role);
    end loop;
    execute format('revoke all on schema email_queue_private from %s', v_role);
  end loop;
  for v_relation in select c.oid from email_queue_private.our_relations() as c where c.relkind = 'r' and not c.relrowsecurity loop
    execute format('alter table %s enable row level security', v_relation);
  end loop;
  if not v_service then
    return;
  end if;
  grant usage on schema email_queue_private to service_role;
  for v_function in select p.oid from email_queue_private.our_functions() as p where p.prokind = 'f' loop
    execute format('grant execute on function %s to service_role', v_function);
  end loop;
  for v_relation, v_rights in
    select to_regclass(r.relation), r.rights from email_queue_private.rights() as r where to_regclass(r.relation) is not null
  loop
    execute format('grant %s on %s to service_role', v_rights, v_relation);
  end loop;
  -- Elsewhere than on Supabase service_role may lack bypassrls; and a table without any policy looks forgotten.
  for v_relation in
    select c.oid from email_queue_private.our_relations() as c
    where c.relkind = 'r' and not exists (select 1 from pg_catalog.pg_policy as p where p.polrelid = c.oid)
  loop
    execute format('create policy service_role on %s for all to service_role using (true) with check (true)', v_relation);
  end loop;
end
$$;
comment on procedure email_queue_private.apply_grants() is 'Takes all of email-queue from everybody and gives service_role what it needs. Ends each migration.';

-- A function with the owner's rights begins with this. Inside it current_user is the owner, and through PostgREST
-- session_user is authenticator for everybody: the caller is the role that was set, or the session's where none was.
create function email_queue_private.check_caller() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller text := coalesce(nullif(current_setting('role'), 'none'), session_user);
begin
  if v_caller not in (current_user, 'service_role') and not coalesce((select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = v_caller), false) then
    raise exception using errcode = '42501', message = format('email_queue: permission denied for role %I', v_caller),
      hint = 'Use a secret key of the project, or the role that owns email-queue.';
  end if;
end
$$;
comment on function email_queue_private.check_caller() is 'Refuses callers that are neither the owner nor service_role (nor a superuser).';
