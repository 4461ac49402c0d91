-- email-queue 0.1.0. Written by the command email-queue: leave it as it is, as every migration that was applied.

set standard_conforming_strings = on;
set check_function_bodies = off;

-- 00_install/1_api.sql
-- The list of the functions is made of their comments' signatures: email_queue_private.api() answers it, and grants are given and
-- taken by it, never by a pattern of names.
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

-- 00_install/2_names.sql
-- First of all: is a name taken that this schema needs? Then nothing is changed. The functions of pg_temp are there for that: the
-- Supabase CLI prints the whole statement that fails, and leaves hints out, so the call is one line and the message says all.

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

-- 00_install/3_schema.sql
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

-- 00_install/4_roles.sql
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

-- 05_grants/apply_grants.sql
-- Everything is taken from everybody, then service_role is given what it needs. Each migration that creates something
-- ends with a call of this, so that nothing is open between two migrations: PostgreSQL gives new functions to PUBLIC, and
-- Supabase's default privileges give what is new in public to anon. email_queue_connect and the retention job call it
-- where a dump was restored without its grants. Row security is for callers that have rights by mistake.
create procedure email_queue_private.apply_grants()
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_object text;
  v_name text;
  v_relation regclass;
begin
  for v_object, v_name in select h.object, coalesce(quote_ident(h.role), 'public') from email_queue_private.held_rights() as h group by 1, 2 loop
    execute format('revoke all on %s from %s cascade', v_object, v_name);
  end loop;
  for v_relation in select c.oid from email_queue_private.our_relations() as c where c.relkind = 'r' and not c.relrowsecurity loop
    execute format('alter table %s enable row level security', v_relation);
  end loop;
  if to_regrole('service_role') is null then
    return;
  end if;
  for v_object, v_name in select w.object, w.privilege from email_queue_private.wanted_rights() as w loop
    execute format('grant %s on %s to service_role', v_name, v_object);
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

-- 05_grants/check_caller.sql
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

-- 05_grants/check_sees_all.sql
-- A run that did not see a pause would send all the same: whom row security hides rows from gets nothing to do.
create function email_queue_private.check_sees_all() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if row_security_active('email_queue_private.budget')
    and not coalesce(pg_has_role(current_user, to_regrole('service_role'), 'usage'), false)
  then
    raise exception using errcode = '42501', message = format('email_queue: row security hides the queue from role %I', current_user),
      hint = 'Use a secret key of the project, or the role that owns email-queue.';
  end if;
end
$$;
comment on function email_queue_private.check_sees_all() is 'Refuses callers from whom row security hides rows.';

-- 05_grants/held_rights.sql
-- What anybody but the owner may do with what is ours; role null is PUBLIC. An object is as GRANT takes it.
create function email_queue_private.held_rights() returns table (object text, role name, privilege text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select o.object, r.rolname, a.privilege_type
  from (
    select 'routine ' || p.oid::regprocedure, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) from email_queue_private.our_functions() as p
    union all
    select 'table ' || c.oid::regclass, c.relowner, c.relacl from email_queue_private.our_relations() as c
    union all
    select 'schema ' || n.oid::regnamespace, n.nspowner, n.nspacl from pg_catalog.pg_namespace as n where n.nspname = 'email_queue_private'
  ) as o(object, owner, acl)
  cross join lateral aclexplode(o.acl) as a
  left join pg_catalog.pg_roles as r on r.oid = a.grantee
  where a.grantee <> o.owner
$$;
comment on function email_queue_private.held_rights() is 'Who but the owner may do what with the objects of email-queue.';

-- 05_grants/mend_grants.sql
-- What a dump restored without its grants left open, or somebody's "grant all on all functions", is closed again. Answers
-- what was wrong; null where nothing was.
create function email_queue_private.mend_grants() returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text := email_queue_private.wrong_grants();
begin
  if v_wrong is not null then
    call email_queue_private.apply_grants();
    raise warning 'email_queue: grants were wrong and have been put right: %', left(v_wrong, 1000);
  end if;
  return v_wrong;
end
$$;
comment on function email_queue_private.mend_grants() is 'Puts the grants right where they are not, and says so.';

-- 05_grants/our_functions.sql
-- All but api(): what is in the private schema is ours, and of public what the list names.
create function email_queue_private.our_functions() returns setof pg_catalog.pg_proc
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p.* from pg_catalog.pg_proc as p
  where p.pronamespace = 'email_queue_private'::regnamespace
    or p.oid in (select to_regprocedure('public.' || f) from unnest(email_queue_private.api()) as f)
$$;
comment on function email_queue_private.our_functions() is 'The functions and procedures of email-queue.';

-- 05_grants/our_relations.sql
create function email_queue_private.our_relations() returns setof pg_catalog.pg_class
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select c.* from pg_catalog.pg_class as c
  where c.relkind in ('r', 'v', 'S') and (c.relnamespace = 'email_queue_private'::regnamespace or c.oid = to_regclass('public.email_queue'))
$$;
comment on function email_queue_private.our_relations() is 'The tables, views and sequences of email-queue.';

-- 05_grants/rights.sql
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

-- 05_grants/wanted_rights.sql
-- What service_role needs, and nobody else.
create function email_queue_private.wanted_rights() returns table (object text, privilege text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'schema email_queue_private', 'USAGE'
  union all
  select 'routine ' || p.oid::regprocedure, 'EXECUTE' from email_queue_private.our_functions() as p where p.prokind = 'f'
  union all
  select 'table ' || c.oid::regclass, upper(btrim(p) collate "C")
  from email_queue_private.rights() as r join pg_catalog.pg_class as c on c.oid = to_regclass(r.relation)
  cross join lateral regexp_split_to_table(r.rights, ',') as p
$$;
comment on function email_queue_private.wanted_rights() is 'The rights of service_role.';

-- 05_grants/wrong_grants.sql
-- null where all is as apply_grants leaves it; else what is not. jit: to compile it took 1.6 s, to run it 30 ms.
create function email_queue_private.wrong_grants() returns text
language sql stable set search_path = pg_catalog, pg_temp set jit = off
as $$
  with held as materialized (select * from email_queue_private.held_rights()),
  wanted as materialized (select * from email_queue_private.wanted_rights() where to_regrole('service_role') is not null)
  select string_agg(w.what, ', ' order by w.what) from (
    select concat_ws(' ', coalesce(o.role, 'PUBLIC'), o.may, case o.privilege when 'USAGE' then 'use' else lower(o.privilege collate "C") end,
      regexp_replace(o.object, '^(routine|table) ', ''))
    from (
      select h.role, 'may' as may, h.privilege, h.object from held as h
      where h.role is distinct from 'service_role' or (h.object, h.privilege) not in (select w.object, w.privilege from wanted as w)
      union all
      select 'service_role', 'may not', w.privilege, w.object from wanted as w
      where (w.object, w.privilege) not in (select h.object, h.privilege from held as h where h.role = 'service_role')
    ) as o
    union all
    select format('row security is off for %s', c.oid::regclass) from email_queue_private.our_relations() as c where c.relkind = 'r' and not c.relrowsecurity
  ) as w(what)
$$;
comment on function email_queue_private.wrong_grants() is 'What is open that should be closed, and the other way round; null where nothing is.';

-- 10_tables/body.sql
create table email_queue_private.body (
  id uuid constraint body_pkey primary key,
  payload jsonb not null
);
comment on table email_queue_private.body is 'The payload: inserted once, never updated, read at claim. No foreign key: its check would write to every message row.';
comment on column email_queue_private.body.id is 'The message.';
comment on column email_queue_private.body.payload is 'What to send, with the sender written in.';

-- 10_tables/breaker.sql
-- The circuit breaker: how many first requests a lane, and its endpoint, may have open while answers are missing. A scope is
-- a lane (batch:example.com) or an endpoint (batch:); one without a row sends freely. Whatever reads a row in order to act
-- on it holds the budget's lock alone, until the end of its transaction: begins and claims in trouble take turns.

create table email_queue_private.breaker (
  scope text collate "C" constraint breaker_pkey primary key,
  next_at timestamptz,
  tries bigint not null default 0,
  streak integer not null default 0,
  wait_ms integer not null default 0,
  requests smallint not null default 64,
  size smallint not null default 100,
  constraint breaker_requests_in_range check (requests between 1 and 64),
  constraint breaker_size_in_range check (size between 1 and 100)
) with (fillfactor = 10);
comment on table email_queue_private.breaker is 'The circuit breaker: lanes and endpoints whose requests got no answer lately. Without a row nothing stands in the way.';
comment on column email_queue_private.breaker.scope is 'A lane, as in batch:example.com, or an endpoint, as in batch:.';
comment on column email_queue_private.breaker.next_at is 'With three in a row: no first request begins before this time.';
comment on column email_queue_private.breaker.tries is 'Fresh dispatches formed meanwhile; every second one comes from another place than the head.';
comment on column email_queue_private.breaker.streak is 'First requests without an answer in a row.';
comment on column email_queue_private.breaker.wait_ms is 'The last wait; the next is twice as long, up to five minutes.';
comment on column email_queue_private.breaker.requests is 'First requests that may be open at a time.';
comment on column email_queue_private.breaker.size is 'Messages in a dispatch.';

-- 10_tables/budget.sql
create table email_queue_private.budget (
  singleton boolean constraint budget_is_one_row primary key default true,
  answered boolean not null default false,
  learned_limit numeric,
  cooldown_until timestamptz,
  cooldown_reason text,
  paused_at timestamptz,
  paused_until timestamptz,
  pause_reason text,
  constraint budget_singleton_is_true check (singleton),
  constraint budget_learned_limit_is_positive check (learned_limit > 0)
) with (fillfactor = 10);
comment on table email_queue_private.budget is 'What all runs share towards the provider: learned rate, cooldown, pause. One row; while it is missing, nothing is known.';
comment on column email_queue_private.budget.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.budget.answered is 'The provider has answered once, so that its limit is known where it tells it.';
comment on column email_queue_private.budget.learned_limit is 'Requests a second, as the provider''s headers said last.';
comment on column email_queue_private.budget.cooldown_until is 'No request leaves before this time.';
comment on column email_queue_private.budget.cooldown_reason is 'The provider''s error that caused the cooldown.';
comment on column email_queue_private.budget.paused_at is 'When the queue was paused; null when it is not.';
comment on column email_queue_private.budget.paused_until is 'When it resumes by itself; null: when an operator says so.';
comment on column email_queue_private.budget.pause_reason is 'Why it is paused.';

-- 10_tables/budget_lock.sql
create table email_queue_private.budget_lock ();
comment on table email_queue_private.budget_lock is 'Empty. Begins share its lock; what changes the budget has it alone.';

-- 10_tables/call.sql
create table email_queue_private.call (
  request_id bigint constraint call_pkey primary key,
  called_at timestamptz not null,
  cause text not null,
  constraint call_cause_is_known check (cause in ('schedule', 'wake', 'hand'))
);
create index call_called_at on email_queue_private.call (called_at);
comment on table email_queue_private.call is 'Which of pg_net''s requests are ours, for the doctor. Kept as long as pg_net keeps its answers.';
comment on column email_queue_private.call.request_id is 'The id in net._http_response.';
comment on column email_queue_private.call.called_at is 'When it was asked for; it leaves after the commit.';
comment on column email_queue_private.call.cause is 'schedule, wake (an enqueue) or hand (somebody called email_queue_call).';
comment on index email_queue_private.call_called_at is 'The latest calls, and those to forget.';

-- 10_tables/dispatch.sql
create table email_queue_private.dispatch (
  id uuid constraint dispatch_pkey primary key,
  token uuid,
  last_token uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  visible_at timestamptz,
  slot_at timestamptz,
  first_begun_at timestamptz,
  horizon_at timestamptz,
  send_before timestamptz,
  settled_at timestamptz,
  bytes integer not null,
  priority smallint not null,
  attempt smallint not null default 0,
  attempts_allowed smallint not null,
  expired_unbegun smallint not null default 0,
  wire_version smallint,
  begun boolean not null default false,
  frozen boolean not null default false,
  endpoint text collate "C",
  type text collate "C" not null,
  lane text collate "C" not null,
  message_ids uuid[] not null,
  member_attempts smallint[] not null,
  member_errors jsonb,
  errors jsonb,
  constraint dispatch_has_members check (settled_at is not null or cardinality(message_ids) between 1 and 100),
  constraint dispatch_members_have_attempts check (cardinality(message_ids) = cardinality(member_attempts)),
  constraint dispatch_open_has_a_time check ((settled_at is null) = (visible_at is not null)),
  constraint dispatch_begun_is_leased check (not begun or token is not null),
  constraint dispatch_frozen_has_a_horizon check (not frozen or horizon_at is not null),
  constraint dispatch_endpoint_is_known check (endpoint in ('single', 'batch'))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create unique index dispatch_token on email_queue_private.dispatch (token) where token is not null;
create index dispatch_due on email_queue_private.dispatch (type, priority, visible_at, id) where settled_at is null and token is null;
create index dispatch_leased on email_queue_private.dispatch (visible_at) where token is not null;
create index dispatch_horizon on email_queue_private.dispatch (horizon_at) where frozen;
create index dispatch_turns on email_queue_private.dispatch (type, lane, created_at);
create index dispatch_settled on email_queue_private.dispatch (settled_at) where settled_at is not null;
comment on table email_queue_private.dispatch is 'One row a request to the provider: members in a frozen order, lease, attempt. Settled rows stay a day, without members, so that a repeated settle is told "already".';
comment on column email_queue_private.dispatch.id is 'The request''s Idempotency-Key is email-queue/<id>.';
comment on column email_queue_private.dispatch.token is 'Whose lease it is; null when it waits or is settled.';
comment on column email_queue_private.dispatch.last_token is 'The token that was settled last.';
comment on column email_queue_private.dispatch.created_at is 'When it was formed.';
comment on column email_queue_private.dispatch.updated_at is 'When it changed last.';
comment on column email_queue_private.dispatch.visible_at is 'Leased: when the lease ends. Waiting: when it may be claimed. Null once settled.';
comment on column email_queue_private.dispatch.slot_at is 'The slot of the rate budget that its begin took.';
comment on column email_queue_private.dispatch.first_begun_at is 'The first begin; the horizon counts from here.';
comment on column email_queue_private.dispatch.horizon_at is 'Until when it may be replayed, from its first begin on; null where the provider does not know its key again: it is never sent twice.';
comment on column email_queue_private.dispatch.send_before is 'The earliest send_before of its members.';
comment on column email_queue_private.dispatch.settled_at is 'When it ended; null while open.';
comment on column email_queue_private.dispatch.bytes is 'Sum of its members'' payload sizes.';
comment on column email_queue_private.dispatch.priority is 'The best of its members''.';
comment on column email_queue_private.dispatch.attempt is 'Begins that counted.';
comment on column email_queue_private.dispatch.attempts_allowed is 'Begins left to its most patient member when it was formed.';
comment on column email_queue_private.dispatch.expired_unbegun is 'How often its lease ran out before begin.';
comment on column email_queue_private.dispatch.wire_version is 'The version of the body''s encoding at its first begin.';
comment on column email_queue_private.dispatch.begun is 'Begun under the present lease.';
comment on column email_queue_private.dispatch.frozen is 'It may have been sent: replayed whole, same members, order, key and bytes.';
comment on column email_queue_private.dispatch.endpoint is 'single (/emails) or batch (/emails/batch), as first begun.';
comment on column email_queue_private.dispatch.type is 'Its members'' type.';
comment on column email_queue_private.dispatch.lane is 'Its members'' lane.';
comment on column email_queue_private.dispatch.message_ids is 'Its members, in the order of the request.';
comment on column email_queue_private.dispatch.member_attempts is 'Begins that each member had used before.';
comment on column email_queue_private.dispatch.member_errors is 'Earlier errors of members: {message id: [error]}; null when there are none.';
comment on column email_queue_private.dispatch.errors is 'Errors of this dispatch''s own attempts, oldest first.';
comment on index email_queue_private.dispatch_token is 'A claim repeated with its token finds its dispatch.';
comment on index email_queue_private.dispatch_due is 'Waiting dispatches in the order of claims.';
comment on index email_queue_private.dispatch_leased is 'Finds leases that ran out.';
comment on index email_queue_private.dispatch_horizon is 'Finds frozen dispatches past their horizon.';
comment on index email_queue_private.dispatch_turns is 'Finds a lane''s last dispatch: lanes take turns.';
comment on index email_queue_private.dispatch_settled is 'Finds settled dispatches to prune.';

-- 10_tables/enqueued_here.sql
-- Sequences, because their values outlive a truncated table and a rollback, and no schema-only dump carries them.
create sequence email_queue_private.enqueued_here;
comment on sequence email_queue_private.enqueued_here is 'Used by each enqueue: what is loaded from a dump of the tables does not use it.';

-- 10_tables/identity.sql
-- Copies do not send. The function reports the address of its project with each call, and the queue keeps the address of
-- the function that may send from this database. In a copy another function asks: it is refused, before anything is
-- claimed or begun, until somebody says that it may send.

-- No key can collide when a dump with data is loaded into a database that has rows of its own.
create table email_queue_private.identity (
  id uuid constraint identity_pkey primary key default gen_random_uuid(),
  kind text collate "C" not null,
  address text collate "C",
  server text collate "C" not null,
  last_server text collate "C" not null,
  created_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  constraint identity_kind_is_known check (kind in ('recorded', 'adopt', 'refused')),
  constraint identity_has_an_address check ((kind = 'adopt') = (address is null))
);
comment on table email_queue_private.identity is 'Whose queue this is. No row: nobody has sent from here. Of several that are recorded, all must be the asking function''s.';
comment on column email_queue_private.identity.id is 'Has no meaning.';
comment on column email_queue_private.identity.kind is
  'recorded: the function that may send. adopt: the next function that asks will be recorded. refused: a function that asked and may not send.';
comment on column email_queue_private.identity.address is 'The host of the project, as its function reports it; localhost for every name of this machine.';
comment on column email_queue_private.identity.server is 'The server''s system identifier and the database''s oid when it was written.';
comment on column email_queue_private.identity.last_server is 'The same when the function asked last.';
comment on column email_queue_private.identity.created_at is 'When it was written.';
comment on column email_queue_private.identity.seen_at is 'When the function asked last, to five minutes where it may send.';

-- 10_tables/message.sql
-- What the queue stores. One row is written per e-mail at enqueue (message, body, ready), one row per provider
-- request while it runs (dispatch), and the message is changed once more, at its end. Everything here is private;
-- users read public.email_queue and call the email_queue_* functions.

-- A row is up to twice as long once it is completed. With half of each page left for that, half of a batch's completions went
-- to another page, and so into every index; with two thirds, none: a fifth less WAL to claim and complete, and in the end a
-- smaller table.
create table email_queue_private.message (
  id uuid constraint message_pkey primary key,
  created_at timestamptz not null,
  run_at timestamptz not null,
  send_before timestamptz,
  completed_at timestamptz,
  dispatch_id uuid,
  priority smallint not null,
  max_attempts smallint not null,
  attempts smallint,
  bytes integer not null,
  type text not null,
  status text,
  reason text,
  provider_message_id text,
  dedup_key text,
  metadata jsonb,
  errors jsonb,
  constraint message_status_is_an_end check (status in ('completed', 'failed', 'cancelled')),
  constraint message_reason_is_known check (reason in ('rejected', 'exhausted', 'unknown_outcome', 'expired', 'cancelled')),
  constraint message_unsent_has_a_reason check ((coalesce(status, 'completed') = 'completed') = (reason is null)),
  constraint message_cancelled_is_a_reason check ((status is not distinct from 'cancelled') = (reason is not distinct from 'cancelled')),
  constraint message_end_has_a_time check ((status is null) = (completed_at is null)),
  constraint message_priority_in_range check (priority between 0 and 3),
  constraint message_max_attempts_in_range check (max_attempts between 1 and 100)
) with (fillfactor = 33, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
-- collate "C": the order of another collation changes with the libraries of the server, and what an index has in the old order is lost.
-- The columns keep the database's, which the view shows.
create unique index message_dedup_key on email_queue_private.message (type collate "C", dedup_key collate "C") where dedup_key is not null;
create index message_dead_letters on email_queue_private.message (id) where reason is not null;
-- What is new is put into its order by the megabyte: at once, message by message, an enqueue took 1.4 times as long and wrote
-- three times the WAL; a search reads what waits for it (128 pages at most).
create index message_metadata on email_queue_private.message using gin (metadata jsonb_path_ops) with (gin_pending_list_limit = 1024)
  where metadata is not null;
comment on table email_queue_private.message is 'One row an e-mail: inserted at enqueue and changed once, at its end. The fillfactor leaves room for that change on the same page.';
comment on column email_queue_private.message.id is 'The message''s id, ordered by time.';
comment on column email_queue_private.message.created_at is 'When it was enqueued.';
comment on column email_queue_private.message.run_at is 'Not to be sent before this time.';
comment on column email_queue_private.message.send_before is 'Not worth sending after this time: fails as expired if it has not begun by then.';
comment on column email_queue_private.message.completed_at is 'When it ended; null while open.';
comment on column email_queue_private.message.dispatch_id is 'The dispatch in which it ended.';
comment on column email_queue_private.message.priority is '0 (first) to 3.';
comment on column email_queue_private.message.max_attempts is 'How many begins it may use.';
comment on column email_queue_private.message.attempts is 'Begins used when it ended; null while open (then they are counted in ready and dispatch).';
comment on column email_queue_private.message.bytes is 'Size of the payload''s JSON text: it is known without reading the body.';
comment on column email_queue_private.message.type is 'email, or the name of a custom consumer''s type.';
comment on column email_queue_private.message.status is 'How it ended: completed, failed or cancelled; null while open. The open states are derived, so that a state change writes no message row.';
comment on column email_queue_private.message.reason is 'Why it was not completed: rejected, exhausted, unknown_outcome, expired or cancelled.';
comment on column email_queue_private.message.provider_message_id is 'The provider''s id of the accepted e-mail.';
comment on column email_queue_private.message.dedup_key is 'Unique per type while the row exists.';
comment on column email_queue_private.message.metadata is 'The caller''s own data: an object, searched with @>.';
comment on column email_queue_private.message.errors is 'The last ten errors, oldest first.';
comment on index email_queue_private.message_dedup_key is 'One message per type and dedup key.';
comment on index email_queue_private.message_dead_letters is 'Lists failed and cancelled messages, newest last. Completing changes no column of any index, so it writes none (a HOT update); an index on status would make each completion write to all.';
comment on index email_queue_private.message_metadata is 'Searches by metadata (@>). A message without metadata is not in it, and completing one changes no metadata, so neither writes to it.';

-- 10_tables/next_slot.sql
-- A sequence, because its value is seen by all sessions at once. A row would be locked until the begin commits, and all
-- begins of all runs would wait for one another's commits.
create sequence email_queue_private.next_slot minvalue 0 start 0;
select setval('email_queue_private.next_slot', 0);
comment on sequence email_queue_private.next_slot is 'When the next request may leave, in microseconds since 1970.';

-- 10_tables/next_wake.sql
-- When the next wake-up may be sent, in milliseconds. A sequence, because its value is seen by all sessions at once, waits
-- for no lock and outlives a rollback. A row would be locked until the transaction that changed it ends.
create sequence email_queue_private.next_wake minvalue 0 start 0;
select setval('email_queue_private.next_wake', 0);
comment on sequence email_queue_private.next_wake is 'Before this time, in milliseconds since 1970, the function is not woken again.';

-- 10_tables/paused_domain.sql
create table email_queue_private.paused_domain (
  domain text collate "C" constraint paused_domain_pkey primary key,
  paused_at timestamptz not null,
  paused_until timestamptz,
  refusals integer not null default 0,
  first_refused_at timestamptz,
  reason text not null,
  constraint paused_domain_refusals_have_a_beginning check ((refusals > 0) = (first_refused_at is not null))
);
comment on table email_queue_private.paused_domain is 'Sender domains whose messages wait. The row of a refused domain stays after its time, until an e-mail of it is accepted.';
comment on column email_queue_private.paused_domain.domain is 'The sender''s domain, lower case.';
comment on column email_queue_private.paused_domain.paused_at is 'When it was paused.';
comment on column email_queue_private.paused_domain.paused_until is 'When it resumes by itself; null: when an operator says so.';
comment on column email_queue_private.paused_domain.refusals is 'How often the provider has refused it in a row, once a pause; 0 for an operator''s own pause.';
comment on column email_queue_private.paused_domain.first_refused_at is 'When that began.';
comment on column email_queue_private.paused_domain.reason is 'Why it is paused.';

-- 10_tables/prune_cursor.sql
create table email_queue_private.prune_cursor (
  singleton boolean constraint prune_cursor_is_one_row primary key default true,
  after uuid not null default '00000000-0000-0000-0000-000000000000',
  constraint prune_cursor_singleton_is_true check (singleton)
);
comment on table email_queue_private.prune_cursor is 'Where the next prune goes on: one row, which the first prune writes. Completed messages are in no index but that of the id, which is ordered by time.';
comment on column email_queue_private.prune_cursor.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.prune_cursor.after is 'The last message that was looked at.';

-- 10_tables/ready.sql
create table email_queue_private.ready (
  id uuid constraint ready_pkey primary key,
  run_at timestamptz not null,
  entered_at timestamptz not null,
  send_before timestamptz,
  bytes integer not null,
  priority smallint not null,
  attempts smallint not null default 0,
  max_attempts smallint not null,
  type text collate "C" not null,
  lane text collate "C" not null,
  errors jsonb
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create index ready_claim_order on email_queue_private.ready (type, lane, priority, run_at, id);
create index ready_send_before on email_queue_private.ready (send_before) where send_before is not null;
comment on table email_queue_private.ready is 'A row while a message waits. A claim deletes from it, a retry inserts into it; it is never updated.';
comment on column email_queue_private.ready.id is 'The message.';
comment on column email_queue_private.ready.run_at is 'Claimable from this time on.';
comment on column email_queue_private.ready.entered_at is 'When the row was written.';
comment on column email_queue_private.ready.send_before is 'Copy of the message''s.';
comment on column email_queue_private.ready.bytes is 'Copy of the message''s: bounds a dispatch without reading more.';
comment on column email_queue_private.ready.priority is 'Copy of the message''s.';
comment on column email_queue_private.ready.attempts is 'Begins used so far.';
comment on column email_queue_private.ready.max_attempts is 'Copy of the message''s.';
comment on column email_queue_private.ready.type is 'Copy of the message''s.';
comment on column email_queue_private.ready.lane is 'What may share a dispatch: batch:<sender domain>, or single:<sender domain> for what must travel alone.';
comment on column email_queue_private.ready.errors is 'Errors so far, oldest first; null when there are none.';
-- Lanes lead, so that a paused domain is a lane that is not probed, and filling a dispatch reads no row of another lane.
-- Within a lane the few priorities are probed one by one, so that rows of the future are never walked.
comment on index email_queue_private.ready_send_before is 'Finds messages that are no longer worth sending.';
comment on index email_queue_private.ready_claim_order is 'The order of claims within a lane.';

-- 10_tables/recorded_here.sql
create sequence email_queue_private.recorded_here;
comment on sequence email_queue_private.recorded_here is 'The server on which an identity was recorded last, as a number; unused where none was.';

-- 10_tables/run.sql
-- The record of the function's runs, which each run writes with its own calls: that one has started, that it lives, and
-- how it ended. What was asked for is in the table call. Only a doctor and an operator read it.
create table email_queue_private.run (
  id uuid constraint run_pkey primary key,
  cause text collate "C" not null,
  started_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz,
  stopped text collate "C",
  reason text,
  counts jsonb,
  constraint run_cause_is_known check (cause in ('wake', 'schedule', 'hand', 'http')),
  constraint run_end_says_why check ((ended_at is null) = (stopped is null))
);
create index run_started_at on email_queue_private.run (started_at);
comment on table email_queue_private.run is 'The runs of the function, for a day.';
comment on column email_queue_private.run.id is 'The runId of its answer and of its line in the log.';
comment on column email_queue_private.run.cause is 'What it was started for: wake (an enqueue), schedule, hand (email_queue_call) or http (anybody else).';
comment on column email_queue_private.run.started_at is 'When its first call came.';
comment on column email_queue_private.run.last_seen_at is 'When a call of it came last, to some seconds.';
comment on column email_queue_private.run.ended_at is 'When it ended; null while it is under way, and where it was killed.';
comment on column email_queue_private.run.stopped is 'Why it ended, as in its answer.';
comment on column email_queue_private.run.reason is 'What stood in the way.';
comment on column email_queue_private.run.counts is 'What it did, as in its answer; null where it found nothing.';
comment on index email_queue_private.run_started_at is 'The latest runs, and those to forget.';

-- 10_tables/setting.sql
create table email_queue_private.setting (
  singleton boolean constraint setting_is_one_row primary key default true,
  default_sender text,
  rate_limit numeric not null default 10,
  horizon interval,
  default_max_attempts smallint not null default 15,
  max_payload_bytes integer not null default 10485760,
  retry_base_ms integer not null default 30000,
  retry_cap_ms integer not null default 3600000,
  completed_retention interval not null default '30 days',
  failed_retention interval not null default '90 days',
  payload_retention interval,
  constraint setting_singleton_is_true check (singleton),
  constraint setting_rate_limit_is_positive check (rate_limit > 0 and rate_limit <= 1000),
  constraint setting_horizon_is_positive check (horizon > '0'),
  constraint setting_default_max_attempts_in_range check (default_max_attempts between 1 and 100),
  constraint setting_max_payload_bytes_in_range check (max_payload_bytes between 1024 and 41943040),
  constraint setting_retry_base_in_range check (retry_base_ms between 1 and 86400000),
  constraint setting_retry_cap_in_range check (retry_cap_ms between retry_base_ms and 86400000),
  constraint setting_completed_retention_is_positive check (completed_retention > '0'),
  constraint setting_failed_retention_is_positive check (failed_retention > '0'),
  constraint setting_payload_retention_is_positive check (payload_retention > '0')
);
comment on table email_queue_private.setting is 'What operators set, with email_queue_configure. One row; while it is missing, the defaults count.';
comment on column email_queue_private.setting.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.setting.default_sender is 'Written into a payload without "from" at enqueue. Changing it changes no stored message.';
comment on column email_queue_private.setting.rate_limit is 'Ceiling of provider requests a second over all runs. A lower limit learned from the provider wins.';
comment on column email_queue_private.setting.horizon is 'How long after its first begin a frozen dispatch may be replayed at most; null: as long as the provider knows its key.';
comment on column email_queue_private.setting.default_max_attempts is 'max_attempts of a message that names none.';
comment on column email_queue_private.setting.max_payload_bytes is 'Largest payload taken at enqueue, in bytes of its JSON text.';
comment on column email_queue_private.setting.retry_base_ms is 'Backoff after the first attempt, in milliseconds.';
comment on column email_queue_private.setting.retry_cap_ms is 'Longest backoff, in milliseconds.';
comment on column email_queue_private.setting.completed_retention is 'How long completed messages are kept.';
comment on column email_queue_private.setting.failed_retention is 'How long failed and cancelled messages are kept.';
comment on column email_queue_private.setting.payload_retention is 'How long payloads of completed messages are kept; null: as long as the message. Dead letters keep theirs, for a redrive.';

-- 10_tables/slot_lock.sql
-- Only sessions of email-queue lock these empty tables: what an advisory lock with a public number would be, any login could
-- hold for ever. A lock of a table takes no transaction id and writes nothing.
create table email_queue_private.slot_lock ();
comment on table email_queue_private.slot_lock is 'Empty. Locked while a session takes a slot of the rate.';

-- 10_tables/wake_lock.sql
create table email_queue_private.wake_lock ();
comment on table email_queue_private.wake_lock is 'Empty. Locked while a session takes the wake-up that is due.';

-- 10_tables/waking.sql
create table email_queue_private.waking (
  xact xid8 constraint waking_pkey primary key
);
comment on table email_queue_private.waking is 'A row for each transaction that has enqueued while a wake-up was due, until its commit. Empty for all others.';
comment on column email_queue_private.waking.xact is 'The transaction.';

-- 10_tables/wiring.sql
create table email_queue_private.wiring (
  singleton boolean constraint wiring_is_one_row primary key default true,
  cron_line text,
  scheduled_at timestamptz,
  wake_every_ms integer,
  constraint wiring_singleton_is_true check (singleton),
  constraint wiring_wake_every_in_range check (wake_every_ms between 100 and 3600000)
);
comment on table email_queue_private.wiring is 'How the database calls the function. One row; while it is missing, the defaults count. The address and the secret are in Vault.';
comment on column email_queue_private.wiring.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.wiring.cron_line is 'The schedule as pg_cron has it; null without a schedule.';
comment on column email_queue_private.wiring.scheduled_at is 'When it was scheduled: before the first run is due, its absence says nothing.';
comment on column email_queue_private.wiring.wake_every_ms is 'An enqueue wakes the function, at most once in so many milliseconds over all sessions; null: it does not.';

-- 15_rows/budget_now.sql
create function email_queue_private.budget_now() returns email_queue_private.budget
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_budget email_queue_private.budget;
begin
  select * into v_budget from email_queue_private.budget as b;
  if not found then
    v_budget.singleton := true;
    v_budget.answered := false;
  end if;
  return v_budget;
end
$$;
comment on function email_queue_private.budget_now() is 'The budget; one of which nothing is known where none is stored.';

-- 15_rows/new_id.sql
-- UUIDv7 form: 48 bits of milliseconds, then 12 bits of the fraction of that millisecond, so that new rows land on
-- the last, hot index page and messages of one transaction keep their order.
create function email_queue_private.new_id() returns uuid
language plpgsql volatile parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  v_micros bigint := extract(epoch from clock_timestamp()) * 1000000;
  v_random bytea := uuid_send(gen_random_uuid());
begin
  return (lpad(to_hex(v_micros / 1000), 12, '0')
    || '7' || lpad(to_hex((v_micros % 1000) * 4096 / 1000), 3, '0')
    || substr('89ab', 1 + (get_byte(v_random, 0) & 3), 1) || substr(encode(v_random, 'hex'), 3, 15))::uuid;
end
$$;
comment on function email_queue_private.new_id() is 'A new id ordered by time (UUIDv7 form).';

-- 15_rows/settings.sql
-- The single rows, or what counts while one is missing: after a dump of the schema alone, squashed migrations, a truncated
-- table. Only what changes a row writes it, so nothing here is ever done inside an application's transaction.
create function email_queue_private.settings() returns email_queue_private.setting
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting;
begin
  select * into v_setting from email_queue_private.setting as s;
  if not found then
    -- The table's defaults, written as a row.
    v_setting := row(true, null, 10, null, 15, 10485760, 30000, 3600000, interval '30 days', interval '90 days', null);
  end if;
  return v_setting;
end
$$;
comment on function email_queue_private.settings() is 'The settings; the defaults where none are stored.';

-- 15_rows/wiring_now.sql
create function email_queue_private.wiring_now() returns email_queue_private.wiring
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_wiring email_queue_private.wiring;
begin
  select * into v_wiring from email_queue_private.wiring as w;
  if not found then
    -- The table's defaults, written as a row.
    v_wiring := row(true, null, null, null);
  end if;
  return v_wiring;
end
$$;
comment on function email_queue_private.wiring_now() is 'How the function is called; the defaults where nothing is stored.';

-- 20_check/addresses_fault.sql
-- What is wrong with a field of recipients, or null. Their addresses are checked by the client before and by the worker after.
create function email_queue_private.addresses_fault(p_value jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_list jsonb := case jsonb_typeof(p_value) when 'array' then p_value else jsonb_build_array(p_value) end;
  v_shaped boolean;
  v_short boolean;
begin
  if jsonb_array_length(v_list) > 50 then
    return 'must have at most 50 addresses';
  end if;
  select bool_and(strpos(a.address, '@') > 1), bool_and(char_length(a.address) <= 520 and char_length(a.name) <= 256) into v_shaped, v_short
  from jsonb_array_elements(v_list) as e cross join lateral (select
    coalesce(case jsonb_typeof(e) when 'string' then e #>> '{}' when 'object' then e ->> 'email' end, '') as address,
    case jsonb_typeof(e) when 'object' then coalesce(e ->> 'name', '') else '' end as name) as a;
  return case
    when v_shaped is distinct from true then 'must be an e-mail address, {email, name}, or a list of either'
    when not v_short then 'has a name of more than 256 characters'
  end;
end
$$;
comment on function email_queue_private.addresses_fault(jsonb) is 'What is wrong with a field of recipients; null where nothing is.';

-- 20_check/bare_address_fault.sql
-- What is wrong with a bare address, or null: what src/email/address.rs says, in its words.
create function email_queue_private.bare_address_fault(p_bare text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_local text collate "C" := split_part(p_bare, '@', 1);
  v_domain text collate "C" := substr(p_bare, strpos(p_bare, '@') + 1);
begin
  return case
    when p_bare = '' then 'must not be empty'
    when strpos(p_bare, '@') = 0 then 'not a valid e-mail address: it has no at sign'
    when strpos(v_domain, '@') > 0 then
      case when p_bare ~ '[,;]' then 'more than one address in a string; use a list'
        else 'not a valid e-mail address: it has more than one at sign' end
    when octet_length(p_bare) > 254 then 'not a valid e-mail address: it is longer than 254 characters'
    when octet_length(v_local) > char_length(v_local) then 'not a valid e-mail address: the part before the at sign must be ASCII'
    when char_length(v_local) > 64 then 'not a valid e-mail address: the part before the at sign is longer than 64 characters'
    when v_local !~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*$'
      then 'not a valid e-mail address: the part before the at sign is malformed'
    when octet_length(v_domain) > char_length(v_domain) then 'not a valid e-mail address: write the domain in punycode (xn--…)'
    when v_domain !~ '^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$' or v_domain ~ '[.][0-9]+$'
      then 'not a valid e-mail address: the domain is malformed'
  end;
end
$$;
comment on function email_queue_private.bare_address_fault(text) is 'What is wrong with an address without a name; null where nothing is.';

-- 20_check/check_email.sql
-- What enqueue checks of an e-mail: structure, size and sender. The rest of a payload is checked by the client before and by
-- the worker after.

-- The lane of an e-mail, or an error that names the field.
create function email_queue_private.check_email(p_payload jsonb) returns text
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_field text;
  v_fault text;
  v_sender record;
begin
  foreach v_field in array array['to', 'cc', 'bcc'] loop
    if p_payload ? v_field and jsonb_typeof(p_payload -> v_field) <> 'null'
      and not (v_field <> 'to' and p_payload -> v_field = '[]'::jsonb) then
      v_fault := email_queue_private.addresses_fault(p_payload -> v_field);
      if v_fault is not null then
        perform email_queue_private.refuse(v_field, v_fault);
      end if;
    elsif v_field = 'to' then
      perform email_queue_private.refuse('to', 'is missing');
    end if;
  end loop;

  if coalesce(jsonb_typeof(p_payload -> 'template'), 'null') = 'null' then
    if coalesce(jsonb_typeof(p_payload -> 'subject'), 'null') <> 'string' then
      perform email_queue_private.refuse('subject', 'is missing, or is not a text');
    end if;
    if coalesce(jsonb_typeof(p_payload -> 'content'), 'null') <> 'string'
      and coalesce(jsonb_typeof(p_payload -> 'text'), 'null') <> 'string' then
      perform email_queue_private.refuse('content', 'is missing: give content, text or template');
    end if;
  end if;
  if coalesce(p_payload ->> 'subject', '') ~ E'[\\x01-\\x1f\\x7f]' then
    perform email_queue_private.refuse('subject', 'has a control character');
  end if;
  if char_length(p_payload ->> 'subject') > 980 then
    perform email_queue_private.refuse('subject', 'must have at most 980 characters');
  end if;

  if coalesce(jsonb_typeof(p_payload -> 'from'), 'null') = 'null' then
    perform email_queue_private.refuse('from', 'is missing, and no default sender is stored (email_queue_configure)');
  end if;
  v_sender := email_queue_private.sender_fault(p_payload -> 'from');
  if v_sender.message is not null then
    perform email_queue_private.refuse(v_sender.field, v_sender.message);
  end if;
  perform email_queue_private.check_limits(p_payload);

  return case
    when jsonb_typeof(p_payload -> 'attachments') = 'array' and p_payload -> 'attachments' <> '[]'::jsonb then 'single:'
    else 'batch:' end || email_queue_private.sender_domain(p_payload -> 'from');
end
$$;
comment on function email_queue_private.check_email(jsonb) is 'Checks an e-mail''s structure, sender and limits, and gives its lane.';

-- 20_check/check_json.sql
-- What src/protocol/jsonb.rs says of a payload and of metadata.
create function email_queue_private.check_json(p_field text, p_value jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  -- Deeper than any payload needs, and than what a worker's JSON parser reads.
  if jsonb_path_exists(p_value, '$.**{33}') then
    perform email_queue_private.refuse(p_field, 'is nested more than 32 deep');
  end if;
  if jsonb_path_exists(p_value, '$.** ? (@.type() == "number" && (@ >= 1e308 || @ <= -1e308))') then
    perform email_queue_private.refuse(p_field || email_queue_private.too_large(p_value), 'must be a number below 1e308');
  end if;
end
$$;
comment on function email_queue_private.check_json(text, jsonb) is 'Refuses what others cannot read.';

-- 20_check/check_limits.sql
-- What an e-mail may have of what costs the worker time, in the words of src/email/limits.rs.
create function email_queue_private.check_limits(p_payload jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_headers jsonb := p_payload -> 'headers';
  v_attachments jsonb := p_payload -> 'attachments';
  v_variables jsonb := p_payload -> 'template' -> 'variables';
  v_fault record;
begin
  if jsonb_typeof(p_payload -> 'replyTo') = 'array' and jsonb_array_length(p_payload -> 'replyTo') > 50 then
    perform email_queue_private.refuse('replyTo', 'must have at most 50 addresses');
  end if;
  if jsonb_typeof(v_headers) = 'object' then
    if (select count(*) from jsonb_object_keys(v_headers)) > 50 then
      perform email_queue_private.refuse('headers', 'must have at most 50 headers');
    end if;
    select case when h.key ~ '^[A-Za-z0-9_-]{1,64}$' then h.key else '?' end as name,
      case when char_length(h.key) > 126 then 'a header''s name must have at most 126 characters' else 'must have at most 4096 characters' end as message
    into v_fault
    from jsonb_each_text(v_headers) as h where char_length(h.key) > 126 or char_length(h.value) > 4096 limit 1;
    if found then
      perform email_queue_private.refuse('headers.' || v_fault.name, v_fault.message);
    end if;
  end if;
  if jsonb_typeof(v_attachments) = 'array' then
    if jsonb_array_length(v_attachments) > 100 then
      perform email_queue_private.refuse('attachments', 'must have at most 100 attachments');
    end if;
    select a.n - 1 as n, l.name, l.most into v_fault
    from jsonb_array_elements(v_attachments) with ordinality as a(e, n)
    cross join lateral (values ('filename', 255), ('contentType', 255), ('path', 2048)) as l(name, most)
    where jsonb_typeof(a.e) = 'object' and char_length(a.e ->> l.name) > l.most limit 1;
    if found then
      perform email_queue_private.refuse(format('attachments[%s].%s', v_fault.n, v_fault.name), format('must have at most %s characters', v_fault.most));
    end if;
  end if;
  if jsonb_typeof(v_variables) = 'object' and (select count(*) from jsonb_object_keys(v_variables)) > 100 then
    perform email_queue_private.refuse('template.variables', 'must have at most 100 variables');
  end if;
  if (select count(*) from jsonb_path_query(p_payload, '$.**')) > 2000 then
    perform email_queue_private.refuse('payload', 'has more than 2000 values');
  end if;
end
$$;
comment on function email_queue_private.check_limits(jsonb) is 'Refuses an e-mail with more headers, attachments, variables or values than the worker has time for.';

-- 20_check/check_message.sql
-- What enqueue checks of a message: its options; check_email has the e-mail. Input errors are raised (22023), so that a
-- caller in a transaction cannot lose mail unawares.

-- One message of an enqueue call as typed columns, without its id.
create function email_queue_private.check_message(p_item jsonb, p_payload jsonb, p_setting email_queue_private.setting)
returns email_queue_private.message
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_message email_queue_private.message;
  v_key text;
begin
  if coalesce(jsonb_typeof(p_item), 'null') <> 'object' then
    perform email_queue_private.refuse('message', 'must be an object');
  end if;
  select k into v_key from jsonb_object_keys(p_item) as k
  where k not in ('type', 'payload', 'tags', 'priority', 'max_attempts', 'run_at', 'delay_ms', 'send_before', 'dedup_key', 'metadata') limit 1;
  if v_key is not null then
    perform email_queue_private.refuse(left(v_key, 60), 'is not an option of enqueue');
  end if;
  foreach v_key in array array['type', 'run_at', 'send_before', 'dedup_key'] loop
    if jsonb_typeof(p_item -> v_key) not in ('string', 'null') then
      perform email_queue_private.refuse(v_key, 'must be a text');
    end if;
  end loop;

  v_message.created_at := clock_timestamp();
  v_message.type := coalesce(p_item ->> 'type', 'email');
  -- A message of the type "Email" would wait for ever.
  if v_message.type !~ '^[A-Za-z0-9_.:-]{1,100}$' or v_message.type <> 'email' and lower(v_message.type collate "C") = 'email' then
    perform email_queue_private.refuse('type', 'must be 1 to 100 letters, digits or any of _ . : -, and email in lower case');
  end if;
  if coalesce(jsonb_typeof(p_item -> 'tags'), 'null') <> 'null' then
    if v_message.type <> 'email' then
      perform email_queue_private.refuse('tags', 'belongs to e-mail; use metadata');
    end if;
    if coalesce(jsonb_typeof(p_payload -> 'tags'), 'null') <> 'null' then
      perform email_queue_private.refuse('tags', 'is given in the payload too; give it once');
    end if;
    perform email_queue_private.check_tags(p_item -> 'tags');
  end if;
  if p_item ->> 'priority' !~ '^[0-3]$' then
    perform email_queue_private.refuse('priority', 'must be a whole number from 0 (first) to 3');
  end if;
  v_message.priority := coalesce((p_item ->> 'priority')::smallint, 2);
  if not (case when p_item ->> 'max_attempts' ~ '^[1-9][0-9]{0,8}$' then (p_item ->> 'max_attempts')::integer <= 100
    else p_item ->> 'max_attempts' is null end)
  then
    perform email_queue_private.refuse('max_attempts', 'must be a whole number from 1 to 100');
  end if;
  v_message.max_attempts := coalesce((p_item ->> 'max_attempts')::smallint, p_setting.default_max_attempts);
  if p_item ->> 'delay_ms' !~ '^[0-9]{1,12}$' then
    perform email_queue_private.refuse('delay_ms', 'must be a whole number of milliseconds');
  end if;
  v_message.run_at := coalesce(email_queue_private.check_time('run_at', p_item ->> 'run_at'), v_message.created_at)
    + coalesce((p_item ->> 'delay_ms')::bigint, 0) * interval '1 millisecond';
  v_message.send_before := email_queue_private.check_time('send_before', p_item ->> 'send_before');
  if v_message.send_before <= v_message.run_at then
    perform email_queue_private.refuse('send_before', 'must be later than the time to send at');
  end if;
  v_message.dedup_key := p_item ->> 'dedup_key';
  if char_length(v_message.dedup_key) not between 1 and 255 then
    perform email_queue_private.refuse('dedup_key', 'must have 1 to 255 characters');
  end if;
  v_message.metadata := nullif(p_item -> 'metadata', 'null'::jsonb);
  perform email_queue_private.check_metadata('metadata', v_message.metadata);
  return v_message;
end
$$;
comment on function email_queue_private.check_message(jsonb, jsonb, email_queue_private.setting) is 'Checks the options of one message and gives its row.';

-- 20_check/check_metadata.sql
-- Metadata of a message, or what messages are searched for; null passes.
create function email_queue_private.check_metadata(p_field text, p_metadata jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_metadata) <> 'object' then
    perform email_queue_private.refuse(p_field, 'must be an object');
  end if;
  perform email_queue_private.check_json(p_field, p_metadata);
  -- As text: the client measures it too, and before the first of several calls.
  if octet_length(p_metadata::text) > 16384 then
    perform email_queue_private.refuse(p_field, 'must be at most 16 kB');
  end if;
end
$$;
comment on function email_queue_private.check_metadata(text, jsonb) is 'Checks metadata, or a search for it.';

-- 20_check/check_tags.sql
-- Tags, [{name, value}] or {name: value}. What src/email/headers.rs says of them, so that what this takes can be sent.
create function email_queue_private.check_tags(p_tags jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_list boolean := jsonb_typeof(p_tags) = 'array';
  v_at text;
  v_tag jsonb;
  v_key text;
  v_names text[] := array[]::text[];
begin
  if jsonb_typeof(p_tags) not in ('array', 'object') then
    perform email_queue_private.refuse('tags', 'must be a list of {name, value} or an object');
  end if;
  -- A name is shown only if it can be none of what a log must not have.
  for v_at, v_tag in
    select format('tags[%s]', t.n - 1), t.e
    from jsonb_array_elements(case when v_list then p_tags else '[]' end) with ordinality as t(e, n)
    union all
    select 'tags.' || case when t.k ~ '^[A-Za-z0-9_-]{1,64}$' then t.k else '?' end, jsonb_build_object('name', t.k, 'value', t.v)
    from jsonb_each(case when v_list then '{}' else p_tags end) as t(k, v)
  loop
    if jsonb_typeof(v_tag) <> 'object' then
      perform email_queue_private.refuse(v_at, 'must be an object');
    end if;
    select k into v_key from jsonb_object_keys(v_tag) as k where k not in ('name', 'value') limit 1;
    if v_key is not null then
      perform email_queue_private.refuse(v_at || '.' || case when v_key ~ '^[A-Za-z0-9_-]{1,64}$' then v_key else '?' end, 'unknown field');
    end if;
    foreach v_key in array array['name', 'value'] loop
      if coalesce(jsonb_typeof(v_tag -> v_key), 'null') <> 'string' or v_tag ->> v_key !~ '^[A-Za-z0-9_-]+$' or char_length(v_tag ->> v_key) > 256 then
        perform email_queue_private.refuse(v_at || case when v_list then '.' || v_key else '' end, 'must be 1 to 256 of A-Z a-z 0-9 _ -');
      end if;
    end loop;
    if v_tag ->> 'name' = 'message_id' then
      perform email_queue_private.refuse(v_at || case when v_list then '.name' else '' end, 'message_id is reserved: the queue adds it');
    end if;
    if v_tag ->> 'name' = any (v_names) then
      perform email_queue_private.refuse(v_at || case when v_list then '.name' else '' end, 'this tag is given twice');
    end if;
    v_names := v_names || (v_tag ->> 'name');
    if cardinality(v_names) > 49 then
      perform email_queue_private.refuse('tags', 'more than 49 tags');
    end if;
  end loop;
end
$$;
comment on function email_queue_private.check_tags(jsonb) is 'Checks the option tags.';

-- 20_check/check_time.sql
-- A time, or an error that names the field.
create function email_queue_private.check_time(p_field text, p_value text) returns timestamptz
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_time timestamptz;
begin
  -- Only where there is something to read: each block with an exception clause is a subtransaction.
  if p_value is not null then
    begin
      v_time := p_value::timestamptz;
    exception when data_exception then
      perform email_queue_private.refuse(p_field, 'must be a time');
    end;
    if not isfinite(v_time) or v_time not between to_timestamp(946684800) and to_timestamp(32503680000) then
      perform email_queue_private.refuse(p_field, 'must be a time between the years 2000 and 3000');
    end if;
  end if;
  return v_time;
end
$$;
comment on function email_queue_private.check_time(text, text) is 'Reads a time of an enqueue call.';

-- 20_check/refuse.sql
create function email_queue_private.refuse(p_field text, p_message text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = '22023', message = format('email_queue: %s: %s', p_field, p_message),
    detail = format('field=%s', p_field);
end
$$;
comment on function email_queue_private.refuse(text, text) is 'Raises 22023 with the field''s name.';

-- 20_check/sender_domain.sql
-- The domain of "a@b.c", "Name <a@b.c>" or {"email": "a@b.c"}; null without one.
create function email_queue_private.sender_domain(p_from jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return lower(substring(
    case jsonb_typeof(p_from) when 'string' then p_from #>> '{}' when 'object' then p_from ->> 'email' end
    from '@([A-Za-z0-9.-]+)[^A-Za-z0-9@.-]*$') collate "C");
end
$$;
comment on function email_queue_private.sender_domain(jsonb) is 'The lower-case domain of a sender; null without one.';

-- 20_check/sender_fault.sql
-- What is wrong with a sender, and in which field of it: what src/email/address.rs says. A sender that the worker would refuse
-- for ever must not become the default one.
create function email_queue_private.sender_fault(p_from jsonb, out field text, out message text)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  -- What Unicode calls white space, without control characters.
  v_spaces text := ' ' || chr(160) || chr(5760) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198)
    || chr(8199) || chr(8200) || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8239) || chr(8287) || chr(12288);
  v_controls text := '[' || chr(1) || '-' || chr(31) || chr(127) || '-' || chr(159) || ']';
  v_text text collate "C";
  v_name text collate "C";
  v_key text;
begin
  field := 'from';
  if jsonb_typeof(p_from) = 'object' then
    select k into v_key from jsonb_object_keys(p_from) as k where k not in ('email', 'name') limit 1;
    if v_key is not null then
      field := 'from.' || case when v_key ~ '^[A-Za-z0-9_-]{1,64}$' then v_key else '?' end;
      message := 'unknown field';
      return;
    end if;
    foreach v_key in array array['email', 'name'] loop
      field := 'from.' || v_key;
      v_text := p_from ->> v_key;
      message := case
        when v_text is null then case v_key when 'email' then 'is required' end
        when jsonb_typeof(p_from -> v_key) <> 'string' then 'must be a string'
        when v_text ~ v_controls then 'must not contain line breaks or other control characters'
        when v_key = 'email' then email_queue_private.bare_address_fault(btrim(v_text, v_spaces))
        when char_length(v_text) > 256 then 'has a name of more than 256 characters'
      end;
      if message is not null then
        return;
      end if;
    end loop;
  elsif jsonb_typeof(p_from) is distinct from 'string' then
    message := 'must be an address or {email, name}';
  else
    v_text := p_from #>> '{}';
    message := case
      when char_length(v_text) > 520 then 'has a name of more than 256 characters'
      when v_text ~ v_controls then 'must not contain line breaks or other control characters'
    end;
    v_text := btrim(v_text, v_spaces);
    if message is null and right(v_text, 1) = '>' then
      if strpos(v_text, '<') = 0 then
        message := 'not a valid e-mail address: it has a > without a <';
      else
        v_key := substring(v_text from '<([^<]*)>$');
        v_name := btrim(left(v_text, char_length(v_text) - char_length(v_key) - 2), v_spaces);
        v_text := btrim(v_key, v_spaces);
        message := case
          when left(v_name, 1) = '"' then
            case when v_name !~ E'^"([^"\\\\]|\\\\.)*"$' then 'the display name''s quotes do not match' end
          when v_name ~ '@' and v_name ~ '[,;]' then 'more than one address in a string; use a list'
          when v_name ~ '[<>"]' then 'the display name must be in quotes, or use {email, name}'
        end;
      end if;
    end if;
    message := coalesce(message, email_queue_private.bare_address_fault(v_text));
  end if;
  if message is null then
    field := null;
  end if;
end
$$;
comment on function email_queue_private.sender_fault(jsonb) is 'What is wrong with a sender, and where; nulls where nothing is.';

-- 20_check/too_large.sql
-- A double ends at 1.8e308 and jsonb at 10^131072: a reader of such a number gets no number, or cannot read the rest either.
create function email_queue_private.too_large(p_value jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  with recursive inner_value(path, value) as (
    select '', p_value
    union all
    select v.path || i.name, i.value from inner_value as v cross join lateral (
      select '.' || case when m.key ~ '^[A-Za-z0-9_-]{1,64}$' then m.key else '?' end, m.value
      from jsonb_each(case jsonb_typeof(v.value) when 'object' then v.value end) as m
      union all
      select format('[%s]', e.n - 1), e.value
      from jsonb_array_elements(case jsonb_typeof(v.value) when 'array' then v.value end) with ordinality as e(value, n)
    ) as i(name, value)
  )
  select v.path from inner_value as v where case jsonb_typeof(v.value) when 'number' then abs((v.value #>> '{}')::numeric) >= 1e308 end limit 1
$$;
comment on function email_queue_private.too_large(jsonb) is 'The path to a number that others cannot read.';

-- 25_enqueue/_checked.sql
-- One message of a call: checked, with its payload as it is stored and its lane.
create type email_queue_private.checked as (message email_queue_private.message, payload jsonb, lane text);
comment on type email_queue_private.checked is 'A message of an enqueue call that was found good.';

-- 25_enqueue/check_item.sql
create function email_queue_private.check_item(p_item jsonb, p_payload jsonb, p_setting email_queue_private.setting) returns email_queue_private.checked
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_message email_queue_private.message := email_queue_private.check_message(p_item, p_payload, p_setting);
  v_payload jsonb := p_payload;
  v_lane text := 'single:';
begin
  if v_message.type = 'email' and jsonb_typeof(v_payload) is distinct from 'object' then
    perform email_queue_private.refuse('payload', 'must be an object');
  elsif coalesce(jsonb_typeof(v_payload), 'null') = 'null' then
    perform email_queue_private.refuse('payload', 'is missing');
  end if;
  if coalesce(jsonb_typeof(p_item -> 'tags'), 'null') <> 'null' then
    v_payload := v_payload || jsonb_build_object('tags', p_item -> 'tags');
  end if;
  perform email_queue_private.check_json('payload', v_payload);
  if v_message.type = 'email' then
    if coalesce(jsonb_typeof(v_payload -> 'from'), 'null') = 'null' and p_setting.default_sender is not null then
      v_payload := v_payload || jsonb_build_object('from', p_setting.default_sender);
    end if;
    v_lane := email_queue_private.check_email(v_payload);
  end if;
  v_message.bytes := octet_length(v_payload::text);
  if v_message.bytes > p_setting.max_payload_bytes then
    perform email_queue_private.refuse('payload',
      format('has %s bytes, the limit is %s: give large attachments by path', v_message.bytes, p_setting.max_payload_bytes));
  end if;
  return row(v_message, v_payload, v_lane);
end
$$;
comment on function email_queue_private.check_item(jsonb, jsonb, email_queue_private.setting) is 'Checks one message of an enqueue call.';

-- 25_enqueue/email_queue_enqueue.sql
-- enable_seqscan: a session of a pool may have planned its look by key when the table was empty, and keeps that plan
-- through a transaction that fills it.
create function public.email_queue_enqueue(
  p_payload jsonb, p_type text default 'email', p_priority integer default null, p_max_attempts integer default null,
  p_run_at timestamptz default null, p_delay_ms bigint default null, p_send_before timestamptz default null,
  p_dedup_key text default null, p_metadata jsonb default null, p_tags jsonb default null
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  return email_queue_private.enqueue_one(jsonb_strip_nulls(jsonb_build_object(
    'type', p_type, 'priority', p_priority, 'max_attempts', p_max_attempts, 'run_at', p_run_at, 'delay_ms', p_delay_ms,
    'send_before', p_send_before, 'dedup_key', p_dedup_key)) || jsonb_build_object('metadata', p_metadata, 'tags', p_tags), p_payload);
end
$$;
comment on function public.email_queue_enqueue(jsonb, text, integer, integer, timestamptz, bigint, timestamptz, text, jsonb, jsonb) is
  'Enqueues one message in the caller''s transaction. p_tags is the same as the payload''s tags. Answers {id, created}; created is false where the dedup key was known.';

-- 25_enqueue/email_queue_enqueue_many.sql
create function public.email_queue_enqueue_many(p_messages jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  if jsonb_typeof(p_messages) = 'array' and jsonb_array_length(p_messages) > 1000 then
    perform email_queue_private.refuse('messages', 'must be at most 1000 a call');
  end if;
  return email_queue_private.enqueue(p_messages);
end
$$;
comment on function public.email_queue_enqueue_many(jsonb) is
  'Enqueues a list of objects, each with what email_queue_enqueue takes ({payload, type, ...}), all or none. Answers [{id, created}] in their order. An error names the message: field=messages[0].to.';

-- 25_enqueue/enqueue.sql
-- Enqueue: checked messages become rows, all of a call or none.

create function email_queue_private.enqueue(p_messages jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting := email_queue_private.settings();
  v_ids uuid[];
  v_item jsonb;
  v_checked email_queue_private.checked;
  v_message email_queue_private.message;
  v_messages email_queue_private.message[] := array[]::email_queue_private.message[];
  v_payloads jsonb[] := array[]::jsonb[];
  v_lanes text[] := array[]::text[];
  v_created uuid[];
  v_field text;
  v_error text;
begin
  if coalesce(jsonb_typeof(p_messages), 'null') <> 'array' then
    perform email_queue_private.refuse('messages', 'must be a list');
  end if;
  -- Sorted: where the clock counts milliseconds only (PGlite), the ids of one call have no order of their own.
  v_ids := array(select email_queue_private.new_id() as id from jsonb_array_elements(p_messages) order by id);
  -- One block for all of them, since each is a subtransaction.
  begin
    for v_item in select e from jsonb_array_elements(p_messages) as e loop
      v_checked := email_queue_private.check_item(v_item, v_item -> 'payload', v_setting);
      v_message := v_checked.message;
      v_message.id := v_ids[1 + cardinality(v_messages)];
      v_messages := v_messages || v_message;
      v_payloads := v_payloads || v_checked.payload;
      v_lanes := v_lanes || v_checked.lane;
    end loop;
  exception when invalid_parameter_value then
    get stacked diagnostics v_field = pg_exception_detail, v_error = message_text;
    if v_field not like 'field=%' then
      raise;
    end if;
    v_field := substr(v_field, 7);
    perform email_queue_private.refuse(
      format('messages[%s]', cardinality(v_messages)) || case v_field when 'message' then '' else '.' || v_field end,
      substr(v_error, char_length('email_queue: : ') + char_length(v_field) + 1));
  end;

  -- In the order of the dedup keys: two calls with the same keys in another order would wait for each other for ever.
  with item as materialized (
    select m.id, m.created_at, m.run_at, m.send_before, m.priority, m.max_attempts, m.bytes, m.type, i.payload, i.lane
    from unnest(v_messages) with ordinality as m join unnest(v_payloads, v_lanes) with ordinality as i(payload, lane, n) on i.n = m.ordinality
  ), new_message as (
    insert into email_queue_private.message
    select m.* from unnest(v_messages) as m order by m.type, m.dedup_key, m.id
    on conflict (type, dedup_key) where dedup_key is not null do nothing
    returning id
  ), new_body as (
    insert into email_queue_private.body (id, payload)
    select i.id, i.payload from item as i join new_message as n on n.id = i.id order by i.id
  ), new_ready as (
    insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane)
    select i.id, i.run_at, i.created_at, i.send_before, i.bytes, i.priority, i.max_attempts, i.type, i.lane
    from item as i join new_message as n on n.id = i.id order by i.id
  )
  select array_agg(n.id) into v_created from new_message as n;
  perform nextval('email_queue_private.enqueued_here'); -- See identity.

  -- A statement of its own: it sees what another transaction committed while the insert waited for it.
  return coalesce((
    select jsonb_agg(case when c.id is not null then jsonb_build_object('id', i.id, 'created', true)
      else email_queue_private.known_message(i.type, i.dedup_key, p.payload) end order by i.ordinality)
    from unnest(v_messages) with ordinality as i
    join unnest(v_payloads) with ordinality as p(payload, n) on p.n = i.ordinality
    left join unnest(v_created) as c(id) on c.id = i.id), '[]'::jsonb);
end
$$;
comment on function email_queue_private.enqueue(jsonb) is
  'Inserts messages; answers [{id, created, payload_differs?}] in their order. An error says which: field=messages[0].to.';

-- 25_enqueue/enqueue_one.sql
-- One message: most calls are this. Nothing here grows with the transaction or the table, also with a plan that was made
-- when both were empty: three inserts, and a look by key where the dedup key was known.
create function email_queue_private.enqueue_one(p_item jsonb, p_payload jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_checked email_queue_private.checked;
  v_message email_queue_private.message;
begin
  v_checked := email_queue_private.check_item(p_item, p_payload, email_queue_private.settings());
  v_message := v_checked.message;
  v_message.id := email_queue_private.new_id();
  insert into email_queue_private.message values (v_message.*)
  on conflict (type, dedup_key) where dedup_key is not null do nothing;
  if not found then
    return email_queue_private.known_message(v_message.type, v_message.dedup_key, v_checked.payload);
  end if;
  insert into email_queue_private.body (id, payload) values (v_message.id, v_checked.payload);
  insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane)
  values (v_message.id, v_message.run_at, v_message.created_at, v_message.send_before, v_message.bytes, v_message.priority,
    v_message.max_attempts, v_message.type, v_checked.lane);
  perform nextval('email_queue_private.enqueued_here'); -- See identity.
  return jsonb_build_object('id', v_message.id, 'created', true);
end
$$;
comment on function email_queue_private.enqueue_one(jsonb, jsonb) is 'Inserts one message; answers {id, created, payload_differs?}.';

-- 25_enqueue/known_message.sql
-- What became of a message whose dedup key was known: {id, created: false, payload_differs}.
create function email_queue_private.known_message(p_type text, p_dedup_key text, p_payload jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_known jsonb;
begin
  select jsonb_build_object('id', m.id, 'created', false, 'payload_differs', b.payload is distinct from p_payload) into v_known
  from email_queue_private.message as m left join email_queue_private.body as b on b.id = m.id
  where m.type collate "C" = p_type and m.dedup_key collate "C" = p_dedup_key;
  if not found then
    raise exception using errcode = '40001', message = 'email_queue: the message with this dedup key was deleted meanwhile: enqueue again';
  end if;
  return v_known;
end
$$;
comment on function email_queue_private.known_message(text, text, jsonb) is 'The message that has a dedup key, as enqueue answers it.';

-- 30_members/abandon_dispatch.sql
-- Gives up a dispatch that may have been sent.
create function email_queue_private.abandon_dispatch(p_dispatch email_queue_private.dispatch, p_error jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.fail_members(p_dispatch, p_dispatch.message_ids, 'unknown_outcome', p_error);
  perform email_queue_private.close_dispatch(p_dispatch.id);
end
$$;
comment on function email_queue_private.abandon_dispatch(email_queue_private.dispatch, jsonb) is 'Fails all members as unknown_outcome and ends the dispatch.';

-- 30_members/append_errors.sql
-- The last ten of two lists of errors; null where there are none.
create function email_queue_private.append_errors(p_errors jsonb, p_more jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when e.total > 0 then (
    select jsonb_agg(a.value order by a.n)
    from jsonb_array_elements(e.list) with ordinality as a(value, n) where a.n > e.total - 10)
  end
  from (select l.list, jsonb_array_length(l.list) as total
    from (select coalesce(nullif(p_errors, 'null'::jsonb), '[]'::jsonb) || coalesce(nullif(p_more, 'null'::jsonb), '[]'::jsonb) as list) as l) as e
$$;
comment on function email_queue_private.append_errors(jsonb, jsonb) is 'Joins two lists of errors and keeps the last ten.';

-- 30_members/close_dispatch.sql
-- Ends a dispatch. The row stays a while, so that a repeated settle is told "already"; its members are in the messages.
create function email_queue_private.close_dispatch(p_id uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update email_queue_private.dispatch
  set settled_at = clock_timestamp(), updated_at = clock_timestamp(), last_token = coalesce(token, last_token), token = null,
    visible_at = null, begun = false, frozen = false, message_ids = '{}', member_attempts = '{}', member_errors = null, errors = null
  where id = p_id;
end
$$;
comment on function email_queue_private.close_dispatch(uuid) is 'Marks a dispatch as settled.';

-- 30_members/drop_members.sql
-- Takes members out of an open dispatch that goes on with the rest.
create function email_queue_private.drop_members(p_dispatch email_queue_private.dispatch, p_ids uuid[]) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.dispatch as d
  set updated_at = clock_timestamp(), bytes = rest.bytes, send_before = rest.send_before, attempts_allowed = rest.allowed,
    message_ids = rest.ids, member_attempts = rest.attempts
  from (
    select array_agg(e.id order by e.ordinal) as ids, array_agg(e.attempts order by e.ordinal) as attempts,
      sum(m.bytes)::integer as bytes, min(m.send_before) as send_before,
      max(m.max_attempts - e.attempts)::smallint as allowed
    from email_queue_private.members(p_dispatch) as e
    join email_queue_private.message as m on m.id = e.id
    where e.id <> all (p_ids)
  ) as rest
  where d.id = p_dispatch.id
$$;
comment on function email_queue_private.drop_members(email_queue_private.dispatch, uuid[]) is 'Takes members out of a dispatch that keeps others.';

-- 30_members/fail_members.sql
-- Ends members as failed. p_error (or null) is added to each one's history.
create function email_queue_private.fail_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_reason text, p_error jsonb
) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.message as m
  set status = 'failed', reason = p_reason, completed_at = clock_timestamp(), dispatch_id = p_dispatch.id,
    attempts = least(e.attempts + p_dispatch.attempt, m.max_attempts),
    errors = email_queue_private.append_errors(email_queue_private.append_errors(e.errors, p_dispatch.errors),
      email_queue_private.stamp_error(p_error, e.attempts + p_dispatch.attempt))
  from email_queue_private.members(p_dispatch) as e
  where m.id = e.id and e.id = any (p_ids) and m.status is null
$$;
comment on function email_queue_private.fail_members(email_queue_private.dispatch, uuid[], text, jsonb) is 'Ends members of a dispatch as failed.';

-- 30_members/members.sql
-- What becomes of a dispatch's members. Lock order everywhere: dispatch, ready, message, then budget.

-- Members as rows: what each had before this dispatch.
create function email_queue_private.members(p_dispatch email_queue_private.dispatch)
returns table (id uuid, attempts smallint, errors jsonb, ordinal bigint)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select u.id, u.attempts, p_dispatch.member_errors -> u.id::text, u.n
  from unnest(p_dispatch.message_ids, p_dispatch.member_attempts) with ordinality as u(id, attempts, n)
$$;
comment on function email_queue_private.members(email_queue_private.dispatch) is 'The members of a dispatch in their order, with attempts and errors from before it.';

-- 30_members/retry_members.sql
-- Retries members: those that have used up their attempts fail as exhausted, the others wait, one to a dispatch from
-- now on: what was refused as a whole for an unknown reason must not cost the good members all their attempts.
create function email_queue_private.retry_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_error jsonb, p_delay_ms bigint
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_exhausted uuid[];
begin
  select coalesce(array_agg(e.id), '{}') into v_exhausted
  from email_queue_private.members(p_dispatch) as e join email_queue_private.message as m on m.id = e.id
  where e.id = any (p_ids) and e.attempts + p_dispatch.attempt >= m.max_attempts;
  if cardinality(v_exhausted) > 0 then
    perform email_queue_private.fail_members(p_dispatch, v_exhausted, 'exhausted', p_error);
  end if;
  perform email_queue_private.return_members(p_dispatch,
    (select array_agg(u.id) from unnest(p_ids) as u(id) where u.id <> all (v_exhausted)), p_error, p_delay_ms, true);
end
$$;
comment on function email_queue_private.retry_members(email_queue_private.dispatch, uuid[], jsonb, bigint) is 'Puts members back with a delay, or fails them as exhausted.';

-- 30_members/return_members.sql
-- Puts members back into ready. p_delay_ms null keeps the place they had. p_alone makes each travel by itself.
create function email_queue_private.return_members(
  p_dispatch email_queue_private.dispatch, p_ids uuid[], p_error jsonb, p_delay_ms bigint, p_alone boolean
) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, attempts, max_attempts, type, lane, errors)
  select m.id, case when p_delay_ms is null then m.run_at else clock_timestamp() + p_delay_ms * interval '1 millisecond' end,
    clock_timestamp(), m.send_before, m.bytes, m.priority, e.attempts + p_dispatch.attempt, m.max_attempts, m.type,
    case when p_alone then 'single:' || split_part(p_dispatch.lane, ':', 2) else p_dispatch.lane end,
    email_queue_private.append_errors(email_queue_private.append_errors(e.errors, p_dispatch.errors),
      email_queue_private.stamp_error(p_error, e.attempts + p_dispatch.attempt))
  from email_queue_private.members(p_dispatch) as e
  join email_queue_private.message as m on m.id = e.id
  where e.id = any (p_ids) and m.status is null
$$;
comment on function email_queue_private.return_members(email_queue_private.dispatch, uuid[], jsonb, bigint, boolean) is 'Puts members of a dispatch back into ready.';

-- 30_members/stamp_error.sql
-- An error as it is stored: the worker's object with the time of the database.
create function email_queue_private.stamp_error(p_error jsonb, p_attempt integer) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when jsonb_typeof(p_error) = 'object'
    then jsonb_build_array(p_error || jsonb_build_object('at', clock_timestamp(), 'attempt', p_attempt)) end
$$;
comment on function email_queue_private.stamp_error(jsonb, integer) is 'A list of one error with its time and attempt; null without an error.';

-- 33_sweep/backoff.sql
-- How long to wait after each attempt, from the first; the last one holds for all further ones. This is the one place where that
-- is computed: the worker gets the list with each answer, and spreads what it takes from it.
create function email_queue_private.backoff(p_setting email_queue_private.setting) returns bigint[]
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select least(p_setting.retry_base_ms * power(2, n), p_setting.retry_cap_ms)::bigint
    from generate_series(0, ceil(ln(p_setting.retry_cap_ms::double precision / p_setting.retry_base_ms) / ln(2))::integer) as n);
end
$$;
comment on function email_queue_private.backoff(email_queue_private.setting) is 'The waits after the attempts, in milliseconds.';

-- 33_sweep/recover_dispatch.sql
-- One dispatch whose lease ran out.
--   begun: an e-mail may have been sent, so it is frozen and waits for its replay, or ends where its provider does not know its key
--     again; a custom consumer's message is tried again.
--   not begun: taken over whole once; the second time its members come back one to a dispatch, and a single pays an attempt.
create function email_queue_private.recover_dispatch(p_dispatch email_queue_private.dispatch) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_waits bigint[];
begin
  -- last_token stays as it is: nothing was settled, and the worker that lost this lease must be told so.
  update email_queue_private.dispatch as d
  set token = null, begun = false, frozen = d.frozen or d.begun and d.horizon_at is not null, updated_at = clock_timestamp(),
    expired_unbegun = d.expired_unbegun + (not d.begun)::integer,
    errors = case when d.begun then email_queue_private.append_errors(d.errors, email_queue_private.stamp_error(
      '{"class": "unknown", "message": "The worker''s lease ran out after begin."}', d.attempt)) else d.errors end
  where d.id = p_dispatch.id
  returning d.* into v_dispatch;
  if v_dispatch.frozen then
    if p_dispatch.begun and v_dispatch.attempt >= v_dispatch.attempts_allowed then
      perform email_queue_private.abandon_dispatch(v_dispatch, null);
    end if;
  elsif p_dispatch.begun and v_dispatch.type = 'email' then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
  elsif p_dispatch.begun then
    perform email_queue_private.retry_members(v_dispatch, v_dispatch.message_ids, null, 0);
    perform email_queue_private.close_dispatch(v_dispatch.id);
  elsif cardinality(v_dispatch.message_ids) > 1 and v_dispatch.expired_unbegun > 1 then
    -- The error makes each a suspect, to be claimed without others.
    perform email_queue_private.return_members(v_dispatch, v_dispatch.message_ids,
      '{"class": "crash", "message": "The worker''s lease ran out before begin, twice."}', null, true);
    perform email_queue_private.close_dispatch(v_dispatch.id);
  elsif v_dispatch.expired_unbegun > 1 then
    v_waits := email_queue_private.backoff(email_queue_private.settings());
    v_dispatch.attempt := v_dispatch.attempt + 1;
    perform email_queue_private.retry_members(v_dispatch, v_dispatch.message_ids,
      '{"class": "crash", "message": "The worker''s lease ran out before begin."}',
      v_waits[least(v_dispatch.member_attempts[1] + v_dispatch.attempt, cardinality(v_waits))]);
    perform email_queue_private.close_dispatch(v_dispatch.id);
  end if;
end
$$;
comment on function email_queue_private.recover_dispatch(email_queue_private.dispatch) is 'Decides what becomes of a dispatch whose lease ran out.';

-- 33_sweep/sweep.sql
-- Sweep: what has run out. Every claim does it first.

-- Mostly there is nothing to sweep, and four index probes say so for a fifth of what the sweep takes.
create function email_queue_private.sweep() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if exists (select 1 from email_queue_private.dispatch as d where d.token is not null and d.visible_at <= v_now)
    or exists (select 1 from email_queue_private.dispatch as d where d.frozen and d.token is null and d.horizon_at <= v_now)
    or exists (select 1 from email_queue_private.ready as r where r.send_before <= v_now)
    or exists (select 1 from email_queue_private.dispatch as d where d.settled_at < v_now - interval '1 day')
  then
    perform email_queue_private.sweep_now(v_now);
  end if;
end
$$;
comment on function email_queue_private.sweep() is 'Ends what has run out: leases, horizons, send_before.';

-- 33_sweep/sweep_now.sql
-- Bounded, and also done while the queue is paused. The time is taken once: an index is searched only for a value that
-- stays, and with clock_timestamp() in the condition every row that is not due would be read.
-- lock_timeout: skip locked waits all the same where a row was updated a moment ago and its new version is locked, and two
-- calls that wait like this, each holding what it settles, would wait for each other.
create function email_queue_private.sweep_now(p_now timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_dispatch email_queue_private.dispatch;
begin
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where d.token is not null and d.visible_at <= p_now
    order by d.visible_at limit 20 for update skip locked
  loop
    perform email_queue_private.recover_dispatch(v_dispatch);
  end loop;
  for v_dispatch in
    select d.* from email_queue_private.dispatch as d
    where d.frozen and d.token is null and d.horizon_at <= p_now
    order by d.horizon_at limit 20 for update skip locked
  loop
    perform email_queue_private.abandon_dispatch(v_dispatch,
      '{"class": "unknown", "message": "The horizon passed without a definite answer."}');
  end loop;
  with late as materialized (
    select r.id, r.attempts, r.errors from email_queue_private.ready as r
    where r.send_before <= p_now
    order by r.send_before limit 500 for update skip locked
  ), gone as (
    delete from email_queue_private.ready as r using late as l where r.id = l.id
  )
  update email_queue_private.message as m
  set status = 'failed', reason = 'expired', completed_at = clock_timestamp(), attempts = l.attempts, errors = l.errors
  from late as l where m.id = l.id;
  delete from email_queue_private.dispatch
  where id = any (array(
    select d.id from email_queue_private.dispatch as d
    where d.settled_at < p_now - interval '1 day'
    order by d.settled_at limit 20 for update skip locked));
exception when lock_not_available then
  null; -- Another call has them in hand.
end
$$;
comment on function email_queue_private.sweep_now(timestamptz) is 'Recovers expired leases, ends frozen dispatches past their horizon and messages past their send_before, prunes settled dispatches; a bounded number of each.';

-- 36_breaker/closed.sql
-- What keeps a dispatch from its first begin. p_alone: the caller has the budget's lock alone.
create function email_queue_private.closed(p_dispatch email_queue_private.dispatch, p_alone boolean, p_now timestamptz) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_dispatch.frozen or p_dispatch.type <> 'email' or not email_queue_private.in_trouble() then
    return null;
  end if;
  if not p_alone then
    -- Trouble came while the shared lock was waited for.
    return email_queue_private.unavailable(p_now + interval '100 milliseconds', p_now);
  end if;
  return (select email_queue_private.unavailable(max(c.opens_at), p_now) from email_queue_private.closed_scopes(p_now, p_dispatch.id) as c
    where c.scope in (p_dispatch.lane, email_queue_private.endpoint_of(p_dispatch.lane)));
end
$$;
comment on function email_queue_private.closed(email_queue_private.dispatch, boolean, timestamptz) is 'What the circuit breaker has against a begin; null where it has nothing.';

-- 36_breaker/closed_scopes.sql
-- The scopes of which no first request may begin now, and when that changes. p_beginning: a dispatch that is about to begin
-- looks at what has begun; for a claim (null) what is claimed and has not begun counts too.
create function email_queue_private.closed_scopes(p_now timestamptz, p_beginning uuid) returns table (scope text, opens_at timestamptz)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with w as materialized (
    select b.scope, b.requests, b.streak >= 3 as waits, b.scope like '%:' as general,
      -- Endpoints that wait share one probe.
      case when b.scope like '%:' and b.streak >= 3 then max(b.next_at) filter (where b.scope like '%:' and b.streak >= 3) over ()
        else b.next_at end as next_at
    from email_queue_private.breaker as b
  ), held as materialized (
    select d.lane, email_queue_private.endpoint_of(d.lane) as endpoint, count(*) as n
    from email_queue_private.dispatch as d
    where d.token is not null and d.type = 'email' and not d.frozen and (p_beginning is null or d.begun and d.id <> p_beginning)
    group by d.lane
  )
  select c.scope, c.opens_at from (
    select w.scope, case
      when w.next_at > p_now then w.next_at
      when w.requests <= (
        select coalesce(sum(h.n), 0) from held as h
        where h.lane = w.scope
          -- The probe of an ailing domain is in nobody's way, as long as others are answered.
          or h.endpoint = w.scope and (w.waits or not exists (select 1 from w as l where l.scope = h.lane and l.waits))
          or w.general and w.waits and exists (select 1 from w as e where e.scope = h.endpoint and e.waits)
      ) then p_now + interval '1 second' end as opens_at
    from w) as c
  where c.opens_at is not null
$$;
comment on function email_queue_private.closed_scopes(timestamptz, uuid) is 'Lanes and endpoints of which nothing fresh may begin now.';

-- 36_breaker/count_try.sql
create function email_queue_private.count_try(p_lane text) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update email_queue_private.breaker as b set tries = b.tries + 1 where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane))
$$;
comment on function email_queue_private.count_try(text) is 'Counts a fresh dispatch of a lane, where it or its endpoint is in trouble.';

-- 36_breaker/endpoint_of.sql
create function email_queue_private.endpoint_of(p_lane text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select split_part(p_lane, ':', 1) || ':'
$$;
comment on function email_queue_private.endpoint_of(text) is 'The scope of a lane''s endpoint.';

-- 36_breaker/in_trouble.sql
create function email_queue_private.in_trouble() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.breaker);
end
$$;
comment on function email_queue_private.in_trouble() is 'Whether any lane or endpoint got no answer lately.';

-- 36_breaker/judge.sql
-- What an answer, or its absence, says about the lane and the endpoint of a dispatch. Only a first request counts.
create function email_queue_private.judge(p_dispatch email_queue_private.dispatch, p_answered boolean) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_endpoint text := email_queue_private.endpoint_of(p_dispatch.lane);
  v_scope text;
  v_general boolean;
  v_waited text[];
begin
  if p_answered is null or not p_dispatch.begun or p_dispatch.type <> 'email'
    or p_answered and not email_queue_private.in_trouble() or not p_answered and p_dispatch.frozen
  then
    return;
  end if;
  perform email_queue_private.lock_budget();
  if p_answered and p_dispatch.frozen then
    -- The key was known: that says little about a fresh one, which may try at once.
    update email_queue_private.breaker as b set wait_ms = 0, next_at = least(b.next_at, v_now)
    where b.scope in (p_dispatch.lane, v_endpoint) and b.next_at is not null;
    return;
  elsif p_answered then
    -- What froze while a scope got no answers does not wait out a backoff that grew meanwhile.
    v_waited := array(select b.scope from email_queue_private.breaker as b where b.scope in (p_dispatch.lane, v_endpoint) and b.streak >= 3);
    update email_queue_private.dispatch as d set visible_at = v_now + 300000 * interval '1 millisecond'
    where cardinality(v_waited) > 0 and d.id in (
      select w.id from email_queue_private.dispatch as w
      where w.settled_at is null and w.token is null and w.type = 'email' and w.frozen and w.visible_at > v_now + 300000 * interval '1 millisecond'
        and (w.lane = any (v_waited) or email_queue_private.endpoint_of(w.lane) = any (v_waited))
      for update skip locked);
    delete from email_queue_private.breaker as b where b.scope in (p_dispatch.lane, v_endpoint) and b.requests * 2 >= 64 and b.size * 2 >= 100;
    update email_queue_private.breaker as b
    set streak = 0, wait_ms = 0, next_at = null, requests = least(64, b.requests * 2), size = least(100, b.size * 2)
    where b.scope in (p_dispatch.lane, v_endpoint);
    return;
  end if;
  -- An ailing domain says nothing about the others, as long as any of them is answered.
  select coalesce(bool_and(b.scope <> p_dispatch.lane), true)
    or bool_or(b.scope = v_endpoint) and bool_or(b.scope <> p_dispatch.lane and b.scope not like '%:')
  into v_general from email_queue_private.breaker as b where b.streak >= 3;
  foreach v_scope in array case when v_general then array[p_dispatch.lane, v_endpoint] else array[p_dispatch.lane] end loop
    insert into email_queue_private.breaker (scope) values (v_scope) on conflict do nothing;
    update email_queue_private.breaker as b
    set streak = b.streak + 1,
      requests = case when b.streak >= 2 then 1 else greatest(1, b.requests / 2) end,
      -- One answer lost at random does not make every dispatch after it smaller.
      size = case when b.streak >= 2 then 1 when b.streak = 0 and b.size = 100 then b.size else greatest(1, b.size / 2) end,
      wait_ms = case when b.streak >= 2 then w.ms else b.wait_ms end,
      next_at = case when b.streak >= 2 then v_now + w.ms * interval '1 millisecond' else b.next_at end
    from (
      select least(300000, greatest(1000, 2 * max(o.wait_ms))) as ms from email_queue_private.breaker as o
      where o.scope = v_scope or v_scope like '%:' and o.scope like '%:' and o.streak >= 3) as w
    -- What was under way when the row was full says nothing new.
    where b.scope = v_scope and (b.streak < 3 or b.next_at is null or p_dispatch.first_begun_at >= b.next_at);
    -- An endpoint that stops is a reason to ask the others with care: one request at a time, and one more without an answer
    -- makes them wait too.
    insert into email_queue_private.breaker (scope, streak, requests)
    select o.scope, 2, 1 from unnest(array['batch:', 'single:']) as o(scope)
    where found and v_scope like '%:' and o.scope <> v_scope
      and (select b.streak from email_queue_private.breaker as b where b.scope = v_scope) = 3
    on conflict (scope) do update set streak = 2, requests = 1 where breaker.streak < 3;
  end loop;
end
$$;
comment on function email_queue_private.judge(email_queue_private.dispatch, boolean) is 'Opens, widens and narrows the circuit breaker.';

-- 36_breaker/lanes_in_turn.sql
-- With fewer requests than eight the head of the queue may be what gets no answer. Every second fresh dispatch then comes
-- from elsewhere, so that poison at the head does not hold the door: from another lane, where the endpoint is in trouble,
-- and within the lane of another priority and place.
create function email_queue_private.lanes_in_turn(p_lanes text[]) returns text[]
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select array_agg(l.lane) from email_queue_private.breaker as b
  cross join lateral (
    select o.lane, row_number() over (order by o.lane collate "C") - 1 as place, count(*) over () as lanes
    from unnest(p_lanes) as o(lane) where email_queue_private.endpoint_of(o.lane) = b.scope) as l
  where b.scope like '%:' and b.requests < 8 and b.tries % 2 = 0 and l.place = email_queue_private.spread(b.tries + 1, 0.6180339887, l.lanes)
$$;
comment on function email_queue_private.lanes_in_turn(text[]) is 'Of lanes with due mail, the one that comes first for each endpoint in trouble, where it is its turn.';

-- 36_breaker/place_in_turn.sql
create function email_queue_private.place_in_turn(p_type text, p_lane text, p_now timestamptz, out priority smallint, out run_at timestamptz, out id uuid)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_number bigint;
  v_due record;
begin
  select case when b.tries % 2 = 0 then b.tries + 1 end into v_number from email_queue_private.breaker as b
  where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane)) and b.requests < 8 order by b.scope like '%:' limit 1;
  if v_number is null then
    return;
  end if;
  select array_agg(p.n order by p.n) as priorities, array_agg(c.rows order by p.n) as rows into v_due
  from generate_series(0, 3) as p(n) cross join lateral (
    select count(*) as rows from (
      select 1 from email_queue_private.ready as r
      where r.type = p_type and r.lane = p_lane and r.priority = p.n and r.run_at <= p_now limit 1000) as due) as c
  where c.rows > 0;
  select r.priority, r.run_at, r.id into priority, run_at, id from (
    select email_queue_private.spread(v_number, 0.4142135624, cardinality(v_due.priorities)) + 1 as n) as t
  cross join lateral (
    select r.priority, r.run_at, r.id from email_queue_private.ready as r
    where r.type = p_type and r.lane = p_lane and r.priority = v_due.priorities[t.n] and r.run_at <= p_now
    order by r.run_at, r.id offset email_queue_private.spread(v_number, 0.7320508076, v_due.rows[t.n]) limit 1) as r;
end
$$;
comment on function email_queue_private.place_in_turn(text, text, timestamptz) is 'Where the next dispatch of a lane in trouble begins; null: at its head.';

-- 36_breaker/size_of.sql
create function email_queue_private.size_of(p_lane text) returns integer
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce(min(b.size), 100)::integer from email_queue_private.breaker as b where b.scope in (p_lane, email_queue_private.endpoint_of(p_lane))
$$;
comment on function email_queue_private.size_of(text) is 'Messages in the next dispatch of a lane.';

-- 36_breaker/spread.sql
-- One of 0 to p_count - 1, spread evenly over the tries: not at random, so that the queue in memory chooses the same.
create function email_queue_private.spread(p_number bigint, p_ratio double precision, p_count bigint) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select floor((p_number * p_ratio - floor(p_number * p_ratio)) * p_count)::integer
$$;
comment on function email_queue_private.spread(bigint, double precision, bigint) is 'Chooses one of several for a try.';

-- 36_breaker/unavailable.sql
create function email_queue_private.unavailable(p_opens_at timestamptz, p_now timestamptz) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when p_opens_at is not null then jsonb_build_object('state', 'unavailable',
    'reason', 'the provider did not answer: one request at a time probes it',
    'retry_after_ms', ceil(extract(epoch from p_opens_at - p_now) * 1000)) end
$$;
comment on function email_queue_private.unavailable(timestamptz, timestamptz) is 'The obstacle of a closed scope; null where none is closed.';

-- 40_claim/claim_one.sql
-- Claim: hand out due dispatches and form new ones.

-- One dispatch under the caller's token: the one that the token already has or, where p_new allows, a due or a new one.
create function email_queue_private.claim_one(
  p_type text, p_token uuid, p_new boolean, p_lease interval, p_max_messages integer, p_max_bytes integer, p_trouble boolean, p_replays integer
) returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_head record;
  v_place record;
  v_now timestamptz;
  v_closed text[];
  v_first text[];
begin
  -- A call repeated while the first one still runs waits for it here, and finds its dispatch.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('email_queue claim ' || p_token::text, 0));
  select * into v_dispatch from email_queue_private.dispatch as d where d.token = p_token;
  if v_dispatch.id is not null or not p_new then
    return v_dispatch;
  end if;
  v_now := clock_timestamp();
  select null::smallint as priority, null::timestamptz as run_at, null::uuid as id into v_place;
  if p_trouble then
    v_closed := array(select c.scope from email_queue_private.closed_scopes(v_now, null) as c);
    v_first := email_queue_private.lanes_in_turn(array(select h.lane from email_queue_private.heads(p_type, v_now, v_closed) as h));
  end if;
  for v_head in
    select c.* from (
      select null::text as lane, d.id, d.priority, case when d.frozen then 0 else 1 + email_queue_private.is_refused(d.lane)::integer end as kind,
        case when not d.frozen then email_queue_private.last_dispatch_at(p_type, d.lane) end as last_at, d.visible_at as since, false as first
      from generate_series(0, 3) as p(priority) cross join lateral (
        select d.id, d.priority, d.visible_at, d.frozen, d.lane from email_queue_private.dispatch as d
        where d.settled_at is null and d.token is null and d.type = p_type and d.priority = p.priority
          and d.visible_at <= v_now and not email_queue_private.is_paused(d.lane)
          -- More replays than their share would still hold all places when a lane opens that is closed now.
          and case when d.frozen then p_replays > 0 or not exists (select 1 from email_queue_private.heads(p_type, v_now) as h)
            else not email_queue_private.is_closed(d.lane, v_closed) end
        order by d.visible_at, d.id limit 20
      ) as d
      union all
      select h.lane, null, h.priority, case when f.first then 1 else 1 + email_queue_private.is_refused(h.lane)::integer end, l.last_at, h.run_at, f.first
      from email_queue_private.heads(p_type, v_now, v_closed) as h cross join lateral (select coalesce(h.lane = any (v_first), false)) as f(first)
      cross join lateral (select case when not f.first then email_queue_private.last_dispatch_at(p_type, h.lane) end) as l(last_at)
    ) as c order by case when c.first then 0 else c.priority end, c.kind, c.last_at nulls first, c.lane is not null,
      case when c.first then '-infinity' else c.since end, c.lane collate "C", c.id
  loop
    if v_head.lane is null then
      v_dispatch := email_queue_private.take_dispatch(v_head.id, p_token, p_lease, v_now);
    else
      if p_trouble then
        select * into v_place from email_queue_private.place_in_turn(p_type, v_head.lane, v_now);
      end if;
      v_dispatch := email_queue_private.form_dispatch(p_type, v_head.lane, coalesce(v_place.priority, v_head.priority),
        coalesce(v_place.run_at, v_head.since), v_place.id, p_token, p_lease,
        case when p_trouble then least(p_max_messages, email_queue_private.size_of(v_head.lane)) else p_max_messages end, p_max_bytes);
      if p_trouble and v_dispatch.id is not null then
        perform email_queue_private.count_try(v_head.lane);
      end if;
    end if;
    if v_dispatch.id is not null then
      return v_dispatch;
    end if;
  end loop;
  return null;
end
$$;
comment on function email_queue_private.claim_one(text, uuid, boolean, interval, integer, integer, boolean, integer) is 'Claims one dispatch: frozen ones before others of the same priority, then lanes in turns.';

-- 40_claim/describe_dispatch.sql
-- A claimed dispatch as the worker gets it. json: the payloads are written out once and then only copied, where jsonb is
-- taken apart and put together again by each function that it passes.
create function email_queue_private.describe_dispatch(p_dispatch email_queue_private.dispatch) returns json
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return json_build_object(
    'dispatch_id', p_dispatch.id, 'token', p_dispatch.token, 'priority', p_dispatch.priority, 'attempt', p_dispatch.attempt, 'frozen', p_dispatch.frozen, 'begun', p_dispatch.begun,
    -- However many messages it holds: its answers tell of the lane's endpoint.
    'endpoint', coalesce(p_dispatch.endpoint, case when p_dispatch.type = 'email' then split_part(p_dispatch.lane, ':', 1) end), 'wire_version', p_dispatch.wire_version, 'bytes', p_dispatch.bytes,
    'messages', (
      select json_agg(json_build_object('id', u.id, 'attempts', u.attempts + p_dispatch.attempt, 'payload', b.payload) order by u.n)
      from unnest(p_dispatch.message_ids, p_dispatch.member_attempts) with ordinality as u(id, attempts, n)
      left join email_queue_private.body as b on b.id = u.id));
end
$$;
comment on function email_queue_private.describe_dispatch(email_queue_private.dispatch) is 'A dispatch with its members and their payloads, as the worker gets it.';

-- 40_claim/form_dispatch.sql
-- Forms a dispatch from one lane, beginning at a place, best priority first; null where every row of it is taken by others.
-- Mail of priority 0 is not filled up with other, and ten of it make a dispatch.
create function email_queue_private.form_dispatch(
  p_type text, p_lane text, p_priority smallint, p_from timestamptz, p_from_id uuid, p_token uuid, p_lease interval,
  p_max_messages integer, p_max_bytes integer
) returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_limit integer := case when p_lane like 'single:%' then 1 when p_priority = 0 then least(10, p_max_messages) else p_max_messages end;
  v_now timestamptz := clock_timestamp();
  v_from timestamptz := p_from;
  v_from_id uuid := coalesce(p_from_id, '00000000-0000-0000-0000-000000000000');
  v_more record;
begin
  v_dispatch.message_ids := '{}';
  v_dispatch.bytes := 0;
  for v_priority in p_priority..3 loop
    with picked as materialized (
      select r.ctid as place, r.id, r.run_at, r.bytes, r.attempts, r.max_attempts, r.send_before, r.errors from email_queue_private.ready as r
      where r.type = p_type and r.lane = p_lane and r.priority = v_priority and (r.run_at, r.id) >= (v_from, v_from_id) and r.run_at <= v_now
        and (r.send_before is null or r.send_before > v_now)
      order by r.run_at, r.id limit v_limit - cardinality(v_dispatch.message_ids) for update skip locked
    ), fitting as materialized (
      -- The first message is taken whatever its size, or it would never go.
      select p.*, row_number() over w = 1 and cardinality(v_dispatch.message_ids) = 0 or v_dispatch.bytes + sum(p.bytes) over w <= p_max_bytes as fits
      from picked as p window w as (order by p.run_at, p.id)
    ), taken as (
      -- By place: a row of ready is never updated, and each look in the index would read two or three pages more.
      delete from email_queue_private.ready as r where r.ctid = any (array(select f.place from fitting as f where f.fits))
    )
    select array_agg(f.id order by f.run_at, f.id) as ids, array_agg(f.attempts order by f.run_at, f.id) as attempts,
      sum(f.bytes)::integer as bytes, min(f.send_before) as send_before, max(f.max_attempts - f.attempts) as allowed,
      jsonb_object_agg(f.id, f.errors) filter (where f.errors is not null) as errors,
      (select count(*) from fitting) as found
    into v_more from fitting as f where f.fits;
    if v_more.ids is not null then
      v_dispatch.priority := coalesce(v_dispatch.priority, v_priority);
      v_dispatch.message_ids := v_dispatch.message_ids || v_more.ids;
      v_dispatch.member_attempts := v_dispatch.member_attempts || v_more.attempts;
      v_dispatch.bytes := v_dispatch.bytes + v_more.bytes;
      v_dispatch.send_before := least(v_dispatch.send_before, v_more.send_before);
      v_dispatch.attempts_allowed := greatest(v_dispatch.attempts_allowed, v_more.allowed);
      v_dispatch.member_errors := coalesce(v_dispatch.member_errors || v_more.errors, v_dispatch.member_errors, v_more.errors);
    end if;
    exit when cardinality(v_dispatch.message_ids) >= v_limit or v_more.found > coalesce(cardinality(v_more.ids), 0)
      or v_dispatch.priority = 0;
    v_from := '-infinity';
    v_from_id := '00000000-0000-0000-0000-000000000000';
    v_limit := case when p_lane like 'single:%' then 1 else p_max_messages end;
  end loop;
  if cardinality(v_dispatch.message_ids) = 0 then
    return null;
  end if;
  insert into email_queue_private.dispatch (id, token, created_at, updated_at, visible_at, send_before, bytes, priority,
    attempts_allowed, type, lane, message_ids, member_attempts, member_errors)
  values (email_queue_private.new_id(), p_token, v_now, v_now, v_now + p_lease, v_dispatch.send_before, v_dispatch.bytes,
    v_dispatch.priority, v_dispatch.attempts_allowed, p_type, p_lane, v_dispatch.message_ids, v_dispatch.member_attempts,
    v_dispatch.member_errors)
  returning * into v_dispatch;
  return v_dispatch;
end
$$;
comment on function email_queue_private.form_dispatch(text, text, smallint, timestamptz, uuid, uuid, interval, integer, integer) is 'Forms one dispatch from the best ready messages of a lane.';

-- 40_claim/heads.sql
-- The first ready row of each lane that is due, in its best priority.
create function email_queue_private.heads(p_type text, p_now timestamptz, p_closed text[] default null)
returns table (lane text, priority smallint, run_at timestamptz)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  lane := '';
  loop
    -- One search finds the next lane and its head: what claims have left in the index since the last vacuum is walked once.
    select r.lane, r.priority, r.run_at into lane, priority, run_at from email_queue_private.ready as r
    where r.type = p_type and r.lane > heads.lane order by r.lane, r.priority, r.run_at limit 1;
    exit when not found;
    continue when email_queue_private.is_paused(lane) or email_queue_private.is_closed(lane, p_closed);
    while run_at > p_now and priority < 3 loop
      select r.priority, r.run_at into priority, run_at from email_queue_private.ready as r
      where r.type = p_type and r.lane = heads.lane and r.priority > heads.priority order by r.priority, r.run_at limit 1;
      exit when not found;
    end loop;
    if run_at <= p_now then
      return next;
    end if;
  end loop;
end
$$;
comment on function email_queue_private.heads(text, timestamptz, text[]) is 'The first due row of each lane that is neither paused nor closed.';

-- 40_claim/is_closed.sql
-- Whether the circuit breaker has closed a lane: it or its endpoint is one of p_closed.
create function email_queue_private.is_closed(p_lane text, p_closed text[]) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_lane = any (p_closed) or split_part(p_lane, ':', 1) || ':' = any (p_closed), false);
end
$$;
comment on function email_queue_private.is_closed(text, text[]) is 'Whether a lane is among closed scopes.';

-- 40_claim/is_paused.sql
-- Whether the sender domain of a lane is paused.
create function email_queue_private.is_paused(p_lane text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.paused_domain as p
    where p.domain = split_part(p_lane, ':', 2) and (p.paused_until is null or p.paused_until > clock_timestamp()));
end
$$;
comment on function email_queue_private.is_paused(text) is 'Whether the sender domain of a lane is paused.';

-- 40_claim/is_refused.sql
-- Whether the provider refused the sender domain of a lane when it was asked last: others of the same priority go before it.
create function email_queue_private.is_refused(p_lane text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.paused_domain as p where p.domain = split_part(p_lane, ':', 2) and p.refusals > 0);
end
$$;
comment on function email_queue_private.is_refused(text) is 'Whether the provider refused the sender domain of a lane when it was asked last.';

-- 40_claim/lanes.sql
-- The lanes of a type that have ready rows and are not paused: one index probe a lane (a loose index scan).
create function email_queue_private.lanes(p_type text, p_closed text[] default null) returns setof text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_lane text := '';
begin
  loop
    select r.lane into v_lane from email_queue_private.ready as r where r.type = p_type and r.lane > v_lane order by r.lane limit 1;
    exit when not found;
    continue when email_queue_private.is_paused(v_lane) or email_queue_private.is_closed(v_lane, p_closed);
    return next v_lane;
  end loop;
end
$$;
comment on function email_queue_private.lanes(text, text[]) is 'The lanes of a type with ready rows, without those of paused domains and closed scopes.';

-- 40_claim/last_dispatch_at.sql
-- Lanes of one priority take turns: the one whose last dispatch was formed longest ago comes first, so that no sender waits
-- for another's backlog, nor for the halves of a batch that was refused whole.
create function email_queue_private.last_dispatch_at(p_type text, p_lane text) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return (select d.created_at from email_queue_private.dispatch as d where d.type = p_type and d.lane = p_lane
    order by d.created_at desc limit 1);
end
$$;
comment on function email_queue_private.last_dispatch_at(text, text) is 'When the last dispatch of a lane was formed; null where none is remembered.';

-- 40_claim/take_dispatch.sql
-- A waiting dispatch for the caller's token; null where another was faster.
create function email_queue_private.take_dispatch(p_id uuid, p_token uuid, p_lease interval, p_now timestamptz)
returns email_queue_private.dispatch
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_dispatch email_queue_private.dispatch;
begin
  update email_queue_private.dispatch as d
  set token = p_token, begun = false, visible_at = clock_timestamp() + p_lease, updated_at = clock_timestamp()
  where d.id = (
    select w.id from email_queue_private.dispatch as w
    where w.id = p_id and w.settled_at is null and w.token is null and w.visible_at <= p_now for update skip locked)
  returning d.* into v_dispatch;
  return v_dispatch;
exception when lock_not_available then
  return null; -- As in sweep.
end
$$;
comment on function email_queue_private.take_dispatch(uuid, uuid, interval, timestamptz) is 'Claims a waiting dispatch.';

-- 45_begin/begin_dispatch.sql
-- Begin: the last thing recorded before a request leaves. From here on it may have been sent.

-- p_begin: {dispatch_id, token, endpoint, wire_version, key_window_ms?, members?, timeout_ms, margin_ms, max_wait_ms}. For
-- `key_window_ms` from the first begin on the provider knows the key again; without, nothing that may have been sent is sent
-- again. `members` is how many messages the request's body holds.
-- Answers {dispatch_id, state, ...}, state being one of
--   begun {wait_ms, attempt}          send after wait_ms
--   changed {removed: [id]}           some members expired, or it has fewer than `members`: prepare again
--   paused, unavailable, throttled    {retry_after_ms, reason}: give it back
--   ended {reason}                    it is over: nothing to send
--   lost                              another has it
--   invalid {reason}                  the call is wrong
create function email_queue_private.begin_dispatch(p_begin jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_budget email_queue_private.budget;
  v_id uuid := (p_begin ->> 'dispatch_id')::uuid;
  v_lease interval := ((p_begin ->> 'timeout_ms')::bigint + (p_begin ->> 'margin_ms')::bigint) * interval '1 millisecond';
  v_max_wait interval := least((p_begin ->> 'max_wait_ms')::bigint, 2000) * interval '1 millisecond';
  v_key_window interval := (p_begin ->> 'key_window_ms')::bigint * interval '1 millisecond';
  v_now timestamptz;
  v_slot timestamptz;
  v_rate numeric;
  v_obstacle jsonb;
  v_removed uuid[];
  v_trouble boolean;
begin
  select * into v_dispatch from email_queue_private.dispatch as d where d.id = v_id for update;
  v_now := clock_timestamp();
  if v_dispatch.token is null or v_dispatch.token is distinct from (p_begin ->> 'token')::uuid or v_dispatch.visible_at <= v_now then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'lost');
  end if;
  if p_begin ->> 'endpoint' is null or p_begin ->> 'endpoint' not in ('single', 'batch') or p_begin ->> 'wire_version' is null
    or v_lease is null or v_lease <= '0' then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'invalid', 'reason', 'endpoint, wire_version, timeout_ms and margin_ms are needed');
  end if;
  -- A worker whose call was repeated may not know that the first one took members out: its body has too many.
  if (p_begin ->> 'members')::integer <> cardinality(v_dispatch.message_ids) then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'changed', 'removed', '[]'::jsonb, 'reason', 'it has other members now');
  end if;
  if p_begin ->> 'endpoint' = 'single' and cardinality(v_dispatch.message_ids) > 1 then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'invalid', 'reason', 'several messages cannot go to the endpoint of one');
  end if;
  if v_dispatch.begun then
    -- Repeated after a lost answer: the same attempt, slot and lease, which the worker counts from its first call.
    return jsonb_build_object('dispatch_id', v_id, 'state', 'begun', 'attempt', v_dispatch.attempt,
      'wait_ms', greatest(0, ceil(extract(epoch from v_dispatch.slot_at - v_now) * 1000)));
  end if;
  if v_dispatch.frozen and (v_dispatch.endpoint, v_dispatch.wire_version)
    is distinct from (p_begin ->> 'endpoint', (p_begin ->> 'wire_version')::smallint) then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'invalid', 'reason', 'a frozen dispatch keeps its endpoint and wire version');
  end if;
  if v_dispatch.frozen and (v_dispatch.horizon_at <= v_now or v_dispatch.attempt >= v_dispatch.attempts_allowed or v_key_window is null) then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
    return jsonb_build_object('dispatch_id', v_id, 'state', 'ended', 'reason', 'unknown_outcome');
  end if;
  if not v_dispatch.frozen and v_dispatch.send_before <= v_now then
    v_removed := email_queue_private.expire_members(v_dispatch);
    return jsonb_build_object('dispatch_id', v_id, 'removed', to_jsonb(v_removed),
      'state', case when cardinality(v_removed) = cardinality(v_dispatch.message_ids) then 'ended' else 'changed' end, 'reason', 'expired');
  end if;

  if email_queue_private.is_paused(v_dispatch.lane) then
    return jsonb_build_object('dispatch_id', v_id, 'state', 'paused', 'reason', 'the sender domain is paused');
  end if;
  -- Shared with other begins, against changes of the budget; in trouble one begin at a time. What is read from here on
  -- is what stands.
  v_trouble := email_queue_private.in_trouble();
  if v_trouble then
    perform email_queue_private.lock_budget();
  else
    lock table email_queue_private.budget_lock in row share mode;
  end if;
  v_budget := email_queue_private.budget_now();
  v_now := clock_timestamp();
  v_obstacle := email_queue_private.obstacle(v_budget, null, v_now, v_max_wait);
  if v_obstacle is null or v_obstacle ->> 'state' <> 'paused' then
    v_obstacle := coalesce(email_queue_private.closed(v_dispatch, v_trouble, v_now), v_obstacle);
  end if;
  if v_obstacle is null then
    v_rate := email_queue_private.request_rate(v_budget);
    v_slot := email_queue_private.take_slot(greatest(v_now, v_budget.cooldown_until), v_now + v_max_wait, v_rate);
    if v_slot is null then
      v_obstacle := email_queue_private.obstacle(v_budget, email_queue_private.next_slot(v_rate), v_now, v_max_wait);
    end if;
  end if;
  if v_obstacle is not null then
    return v_obstacle || jsonb_build_object('dispatch_id', v_id);
  end if;
  v_lease := v_lease + (v_slot - v_now);
  update email_queue_private.dispatch as d
  set begun = true, attempt = d.attempt + 1, slot_at = v_slot, visible_at = v_now + v_lease, updated_at = v_now,
    first_begun_at = coalesce(d.first_begun_at, v_now),
    horizon_at = coalesce(d.horizon_at, v_now + case when v_key_window is not null then least(v_key_window, (email_queue_private.settings()).horizon) end),
    endpoint = p_begin ->> 'endpoint', wire_version = (p_begin ->> 'wire_version')::smallint
  where d.id = v_id returning * into v_dispatch;
  return jsonb_build_object('dispatch_id', v_id, 'state', 'begun', 'attempt', v_dispatch.attempt,
    'wait_ms', ceil(extract(epoch from v_slot - v_now) * 1000));
end
$$;
comment on function email_queue_private.begin_dispatch(jsonb) is 'Records that a dispatch may be sent from now on: takes a slot, an attempt and a longer lease.';

-- 45_begin/claim_obstacle.sql
-- What stands in the way of claims, p_begins of the same call being still to come: they take slots.
create function email_queue_private.claim_obstacle(p_budget email_queue_private.budget, p_begins jsonb, p_max_wait interval) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_rate numeric := email_queue_private.request_rate(p_budget);
  v_slot timestamptz := email_queue_private.next_slot(v_rate);
  v_begins integer := coalesce(jsonb_array_length(p_begins), 0);
  v_obstacle jsonb := email_queue_private.obstacle(p_budget, v_slot, v_now, p_max_wait);
begin
  if v_obstacle is null and v_begins > 0 then
    v_slot := greatest(v_slot, p_budget.cooldown_until, v_now)
      + v_begins * interval '1 second' / v_rate::double precision;
    v_obstacle := email_queue_private.obstacle(p_budget, v_slot, v_now, p_max_wait);
  end if;
  return v_obstacle;
end
$$;
comment on function email_queue_private.claim_obstacle(email_queue_private.budget, jsonb, interval) is 'What keeps a claim from being sent within a wait, after the begins of the same call.';

-- 45_begin/expire_members.sql
-- Takes members out of a dispatch whose send_before has passed before its first begin. Answers their ids.
create function email_queue_private.expire_members(p_dispatch email_queue_private.dispatch) returns uuid[]
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  select array_agg(m.id) into v_ids from email_queue_private.message as m
  where m.id = any (p_dispatch.message_ids) and m.send_before <= clock_timestamp();
  if v_ids is not null then
    perform email_queue_private.fail_members(p_dispatch, v_ids, 'expired', null);
    if cardinality(v_ids) = cardinality(p_dispatch.message_ids) then
      perform email_queue_private.close_dispatch(p_dispatch.id);
    else
      perform email_queue_private.drop_members(p_dispatch, v_ids);
    end if;
  end if;
  return v_ids;
end
$$;
comment on function email_queue_private.expire_members(email_queue_private.dispatch) is 'Fails members that are no longer worth sending.';

-- 45_begin/lock_budget.sql
-- Begins share it, and a change of the budget has it alone: once a pause stands, no begin is under way that did not
-- see it. Until the end of the transaction, and taken before the budget's row. The row is there from here on.
create function email_queue_private.lock_budget() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  lock table email_queue_private.budget_lock in exclusive mode;
  insert into email_queue_private.budget default values on conflict do nothing;
exception when lock_not_available then
  raise exception using errcode = 'lock_not_available', message = 'a begin is under way in a transaction that stays open',
    hint = 'Call it again, or end that transaction: pg_locks shows it, for the relation budget_lock.';
end
$$;
comment on function email_queue_private.lock_budget() is 'Waits for the begins under way; to be called before the budget is changed.';

-- 45_begin/next_slot.sql
-- When the next request may leave. No slot is given further ahead than two seconds, so that the next one is no later than
-- one interval after that: a later one is of a lower rate, or of a clock that was put back, and stops nobody.
create function email_queue_private.next_slot(p_rate numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz := to_timestamp(pg_catalog.pg_sequence_last_value('email_queue_private.next_slot') / 1000000.0);
begin
  return case when v_slot <= clock_timestamp() + 2000 * interval '1 millisecond' + interval '1 second' / p_rate::double precision then v_slot else '-infinity' end;
end
$$;
comment on function email_queue_private.next_slot(numeric) is 'When the next request may leave, at a rate.';

-- 45_begin/obstacle.sql
-- Whether anybody may begin now, or what stands in the way: {state, retry_after_ms?, reason?}; null where nothing does.
create function email_queue_private.obstacle(
  p_budget email_queue_private.budget, p_next_slot timestamptz, p_now timestamptz, p_max_wait interval
) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if p_budget.paused_at is not null and (p_budget.paused_until is null or p_budget.paused_until > p_now) then
    return jsonb_build_object('state', 'paused', 'reason', p_budget.pause_reason,
      'retry_after_ms', ceil(extract(epoch from p_budget.paused_until - p_now) * 1000));
  end if;
  if greatest(p_next_slot, p_budget.cooldown_until) > p_now + p_max_wait then
    return jsonb_build_object('state', 'throttled', 'reason', case when p_budget.cooldown_until > p_now then p_budget.cooldown_reason end,
      'retry_after_ms', ceil(extract(epoch from greatest(p_next_slot, p_budget.cooldown_until) - p_now) * 1000));
  end if;
  return null;
end
$$;
comment on function email_queue_private.obstacle(email_queue_private.budget, timestamptz, timestamptz, interval) is
  'What keeps a request from leaving within a wait: paused or throttled.';

-- 45_begin/request_rate.sql
-- Requests a second that all runs may make together. The provider counts by seconds of its own, and a request may arrive
-- later after its slot than the one that opens the next window: so its limit is spread over 50 ms more than a second. Spread
-- over exactly one, eight runs had 8 % of their requests refused, and used less of the window for it. The workers see to it
-- that 50 ms are enough: they count a slot by the database's clock.
-- Before the first answer nothing is known of the limit. Five is what Resend's teams had before today's ten.
create function email_queue_private.request_rate(p_budget email_queue_private.budget) returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return least((email_queue_private.settings()).rate_limit, coalesce(p_budget.learned_limit, case when not p_budget.answered then 5 end) / (1050 / 1000.0));
end
$$;
comment on function email_queue_private.request_rate(email_queue_private.budget) is 'Requests a second: the operator''s ceiling, or a little less than the provider''s limit where that is lower or not known yet.';

-- 45_begin/take_slot.sql
-- Takes the first slot from a time on; null where that is after p_until. One session at a time: the exception gives the
-- lock back at once, and the sequence keeps its value. A begin that is rolled back leaves its slot unused.
create function email_queue_private.take_slot(p_from timestamptz, p_until timestamptz, p_rate numeric) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz;
begin
  begin
    lock table email_queue_private.slot_lock in exclusive mode;
    v_slot := greatest(p_from, email_queue_private.next_slot(p_rate));
    if v_slot <= p_until then
      perform setval('email_queue_private.next_slot', ceil((extract(epoch from v_slot) + 1 / p_rate) * 1000000)::bigint);
    end if;
    raise exception using errcode = 'EQ000', message = 'the lock is given back';
  exception when sqlstate 'EQ000' then
    return case when v_slot <= p_until then v_slot end;
  end;
end
$$;
comment on function email_queue_private.take_slot(timestamptz, timestamptz, numeric) is 'Takes the next slot of the rate that all runs share; null where it is too far ahead.';

-- 50_settle/apply_signals.sql
-- What an answer says about the provider as a whole. p_signals: {answered, cooldown_ms, cooldown_reason,
-- pause: {scope: queue|domain, ms?, reason}, rate_limit}.
create function email_queue_private.apply_signals(p_dispatch email_queue_private.dispatch, p_signals jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_pause jsonb := p_signals -> 'pause';
  v_budget email_queue_private.budget := email_queue_private.budget_now();
  v_until timestamptz := v_now + (v_pause ->> 'ms')::bigint * interval '1 millisecond';
begin
  -- The budget is locked and written only where something changes.
  if v_pause ->> 'scope' is not distinct from 'queue' or p_signals ? 'cooldown_ms'
    or coalesce((p_signals ->> 'answered')::boolean, false) and not v_budget.answered
    or v_budget.learned_limit is distinct from coalesce((p_signals ->> 'rate_limit')::numeric, v_budget.learned_limit)
  then
    perform email_queue_private.lock_budget();
    update email_queue_private.budget set answered = true where (p_signals ->> 'answered')::boolean and not answered;
    update email_queue_private.budget
    set cooldown_until = greatest(cooldown_until, v_now + (p_signals ->> 'cooldown_ms')::bigint * interval '1 millisecond'),
      cooldown_reason = p_signals ->> 'cooldown_reason'
    where p_signals ? 'cooldown_ms';
    update email_queue_private.budget
    set learned_limit = (p_signals ->> 'rate_limit')::numeric
    where (p_signals ->> 'rate_limit')::numeric > 0;
  end if;
  if v_pause ->> 'scope' = 'queue' then
    update email_queue_private.budget
    set paused_at = v_now, paused_until = v_until, pause_reason = coalesce(v_pause ->> 'reason', 'the provider refused')
    where paused_at is null or paused_until <= v_now;
  elsif v_pause ->> 'scope' = 'domain' then
    perform email_queue_private.refuse_domain(split_part(p_dispatch.lane, ':', 2), (v_pause ->> 'ms')::bigint,
      coalesce(v_pause ->> 'reason', 'the provider refused'));
  end if;
  perform email_queue_private.judge(p_dispatch, (p_signals ->> 'answered')::boolean);
end
$$;
comment on function email_queue_private.apply_signals(email_queue_private.dispatch, jsonb) is 'Writes cooldown, pause, learned rate and the circuit breaker.';

-- 50_settle/freeze_dispatch.sql
-- Freezes a begun dispatch until its replay, or gives it up where attempts or horizon are used up, or the provider has no keys.
create function email_queue_private.freeze_dispatch(
  p_dispatch email_queue_private.dispatch, p_error jsonb, p_delay_ms bigint
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch := p_dispatch;
begin
  v_dispatch.errors := email_queue_private.append_errors(p_dispatch.errors, email_queue_private.stamp_error(p_error, p_dispatch.attempt));
  if v_dispatch.horizon_at is null then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
    return;
  end if;
  update email_queue_private.dispatch as d
  set frozen = true, begun = false, last_token = d.token, token = null, updated_at = clock_timestamp(), attempt = p_dispatch.attempt,
    visible_at = least(clock_timestamp() + coalesce(p_delay_ms, 0) * interval '1 millisecond', d.horizon_at),
    errors = v_dispatch.errors
  where d.id = p_dispatch.id
  returning * into v_dispatch;
  if v_dispatch.attempt >= v_dispatch.attempts_allowed or v_dispatch.horizon_at <= clock_timestamp() then
    perform email_queue_private.abandon_dispatch(v_dispatch, null);
  end if;
end
$$;
comment on function email_queue_private.freeze_dispatch(email_queue_private.dispatch, jsonb, bigint) is 'Keeps a dispatch of unknown outcome for its replay.';

-- 50_settle/refuse_domain.sql
-- The provider refuses mail of a sender domain. The pause doubles while that goes on, up to a day, so that many domains that
-- nobody verifies ask for few requests; an operator's own pause stands. What has waited for three days by then has waited long
-- enough: it fails with the provider's reason, and can be redriven once the domain is verified. Bounded: the rest fails with
-- the next refusal.
create function email_queue_private.refuse_domain(p_domain text, p_ms bigint, p_reason text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_since timestamptz;
begin
  insert into email_queue_private.paused_domain as d (domain, paused_at, paused_until, reason, refusals, first_refused_at)
  values (p_domain, v_now, v_now + p_ms * interval '1 millisecond', p_reason, 1, v_now)
  on conflict (domain) do update
  set paused_at = v_now, reason = excluded.reason, refusals = d.refusals + 1, first_refused_at = coalesce(d.first_refused_at, v_now),
    paused_until = v_now + case when p_ms is not null then least(p_ms * power(2, least(d.refusals, 20)), 86400000) end * interval '1 millisecond'
  where d.paused_until <= v_now;
  select d.first_refused_at into v_since from email_queue_private.paused_domain as d where d.domain = p_domain collate "C";
  if v_since <= v_now - interval '3 days' then
    with late as materialized (
      select r.id, r.attempts, r.errors from email_queue_private.ready as r
      where r.type = 'email' and r.lane = any (array['batch:' || p_domain, 'single:' || p_domain]) and r.priority = any (array[0, 1, 2, 3])
        and r.run_at <= v_now - interval '3 days'
      order by r.run_at limit 5000 for update skip locked
    ), gone as (
      delete from email_queue_private.ready as r using late as l where r.id = l.id
    )
    update email_queue_private.message as m
    set status = 'failed', reason = 'rejected', completed_at = v_now, attempts = l.attempts,
      errors = email_queue_private.append_errors(l.errors,
        email_queue_private.stamp_error(jsonb_build_object('class', 'misconfigured', 'message', p_reason), l.attempts))
    from late as l where m.id = l.id;
  end if;
end
$$;
comment on function email_queue_private.refuse_domain(text, bigint, text) is 'Pauses a sender domain that the provider refuses, each time for longer; what waited for days fails.';

-- 50_settle/settle_dispatch.sql
-- Settle: applies the worker's decision under its lease token.

-- p_settle: {dispatch_id, token, answer: definite|none|unknown, members: [{id, outcome: completed|failed, provider_message_id?,
-- reason?, error?}], rest: keep|freeze|split|release|retry|complete|fail, reason?, error?, delay_ms?, counted?, signals?}.
-- `rest` is what becomes of the members that are not named; counted false gives the attempt of this begin back.
-- Answers {dispatch_id, result: applied|already|lost|invalid, reason?}.
create function email_queue_private.settle_dispatch(p_settle jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dispatch email_queue_private.dispatch;
  v_id uuid := (p_settle ->> 'dispatch_id')::uuid;
  v_token uuid := (p_settle ->> 'token')::uuid;
  v_fault text;
  v_done boolean;
  v_rest uuid[];
  v_named uuid[];
  v_member record;
  v_delay bigint := (p_settle ->> 'delay_ms')::bigint;
begin
  select * into v_dispatch from email_queue_private.dispatch as d where d.id = v_id for update;
  if v_dispatch.token is null or v_dispatch.token is distinct from v_token or v_dispatch.visible_at <= clock_timestamp() then
    return jsonb_build_object('dispatch_id', v_id, 'result',
      case when v_dispatch.token is null and v_dispatch.last_token = v_token then 'already' else 'lost' end);
  end if;
  -- Its lease goes on after "keep", so the members tell whether that was done.
  if p_settle ->> 'rest' = 'keep' then
    select coalesce(bool_and(m.dispatch_id is not distinct from v_id), false) into v_done
    from jsonb_array_elements(p_settle -> 'members') as e left join email_queue_private.message as m on m.id = (e ->> 'id')::uuid;
    if v_done then
      return jsonb_build_object('dispatch_id', v_id, 'result', 'already');
    end if;
  end if;
  v_fault := email_queue_private.settle_fault(v_dispatch, p_settle);
  if v_fault is not null then
    return jsonb_build_object('dispatch_id', v_id, 'result', 'invalid', 'reason', v_fault);
  end if;

  if v_dispatch.begun and not coalesce((p_settle ->> 'counted')::boolean, true) then
    v_dispatch.attempt := v_dispatch.attempt - 1;
  end if;
  -- Not joined with the members: two lists of a hundred would be compared each with each.
  update email_queue_private.message as m
  set status = 'completed', completed_at = clock_timestamp(), dispatch_id = v_id, provider_message_id = s.provider_message_id,
    attempts = v_dispatch.member_attempts[array_position(v_dispatch.message_ids, s.id)] + v_dispatch.attempt,
    errors = case when v_dispatch.errors is not null or v_dispatch.member_errors is not null
      then email_queue_private.append_errors(v_dispatch.member_errors -> s.id::text, v_dispatch.errors) end
  from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text, provider_message_id text)
  where s.outcome = 'completed' and m.id = s.id and m.status is null;
  if found then
    -- The provider takes mail of this domain again.
    delete from email_queue_private.paused_domain as p where p.domain = split_part(v_dispatch.lane, ':', 2) and p.refusals > 0;
  end if;
  for v_member in
    select s.reason, s.error, array_agg(s.id) as ids
    from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text, reason text, error jsonb)
    where s.outcome = 'failed' group by s.reason, s.error
  loop
    perform email_queue_private.fail_members(v_dispatch, v_member.ids, coalesce(v_member.reason, 'rejected'), v_member.error);
  end loop;

  select coalesce(array_agg(s.id), '{}') into v_named from jsonb_to_recordset(p_settle -> 'members') as s(id uuid);
  select array_agg(u.id) into v_rest from unnest(v_dispatch.message_ids) as u(id) where u.id <> all (v_named);
  if v_rest is null then
    perform email_queue_private.close_dispatch(v_id);
  else
    case p_settle ->> 'rest'
      when 'keep' then perform email_queue_private.drop_members(v_dispatch, v_named);
      when 'freeze' then perform email_queue_private.freeze_dispatch(v_dispatch, p_settle -> 'error', v_delay);
      when 'split' then perform email_queue_private.split_dispatch(v_dispatch);
      when 'release' then perform email_queue_private.return_members(v_dispatch, v_rest, p_settle -> 'error', v_delay, false);
      when 'retry' then perform email_queue_private.retry_members(v_dispatch, v_rest, p_settle -> 'error', coalesce(v_delay, 0));
      when 'fail' then perform email_queue_private.fail_members(v_dispatch, v_rest,
        case when p_settle ->> 'answer' = 'unknown' then 'unknown_outcome' else coalesce(p_settle ->> 'reason', 'rejected') end, p_settle -> 'error');
      when 'complete' then
        update email_queue_private.message as m
        set status = 'completed', completed_at = clock_timestamp(), dispatch_id = v_id, attempts = e.attempts + v_dispatch.attempt,
          errors = email_queue_private.append_errors(e.errors, v_dispatch.errors)
        from email_queue_private.members(v_dispatch) as e where m.id = e.id and e.id = any (v_rest) and m.status is null;
    end case;
    if p_settle ->> 'rest' not in ('keep', 'freeze') then
      perform email_queue_private.close_dispatch(v_id);
    end if;
  end if;
  if jsonb_typeof(p_settle -> 'signals') = 'object' then
    perform email_queue_private.apply_signals(v_dispatch, p_settle -> 'signals');
  end if;
  return jsonb_build_object('dispatch_id', v_id, 'result', 'applied');
end
$$;
comment on function email_queue_private.settle_dispatch(jsonb) is 'Applies a decision under the lease token; repeated, it answers "already".';

-- 50_settle/settle_fault.sql
-- Why a settle may not be applied, or null. A dispatch that may have been sent gives its members back only on a definite
-- answer, and one that never begun cannot have been accepted.
create function email_queue_private.settle_fault(p_dispatch email_queue_private.dispatch, p_settle jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer text := p_settle ->> 'answer';
  v_rest text := p_settle ->> 'rest';
  v_named integer;
  v_members integer;
  v_valid boolean;
  v_completes boolean;
begin
  select count(*), count(distinct s.id), coalesce(bool_and(coalesce(s.outcome in ('completed', 'failed') and s.id = any (p_dispatch.message_ids), false)), true),
    coalesce(bool_or(s.outcome = 'completed'), false)
  into v_named, v_members, v_valid, v_completes
  from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text);
  v_completes := v_completes or v_rest is not distinct from 'complete';
  return case
    when v_answer is null or v_answer not in ('definite', 'none', 'unknown') then 'answer must be definite, none or unknown'
    when v_rest not in ('keep', 'freeze', 'split', 'release', 'retry', 'complete', 'fail') then 'rest is not known'
    when not v_valid then 'members must be of the dispatch, and completed or failed'
    when v_rest is null and v_members < cardinality(p_dispatch.message_ids) then 'rest is missing and not every member is named'
    when not p_dispatch.begun and (v_completes or v_answer = 'definite' or v_rest in ('freeze', 'split') and not p_dispatch.frozen)
      then 'the dispatch has not begun'
    when v_rest in ('freeze', 'split') and v_named > 0 then 'it freezes or splits whole'
    when p_dispatch.begun and v_rest = 'keep' then 'the dispatch has begun'
    when v_answer = 'unknown' and (v_rest is null or v_rest not in ('freeze', 'fail') or v_named > 0)
      then 'an unknown answer freezes or fails the whole'
    when v_answer <> 'definite' and v_completes then 'only a definite answer completes'
    when p_dispatch.frozen and v_answer = 'none' and v_rest is distinct from 'freeze' then 'the dispatch may have been sent'
    when v_rest = 'split' and cardinality(p_dispatch.message_ids) < 2 then 'one message cannot be split'
  end;
end
$$;
comment on function email_queue_private.settle_fault(email_queue_private.dispatch, jsonb) is 'Why a settle may not be applied; null where it may.';

-- 50_settle/split_dispatch.sql
-- Halves a dispatch of which nothing was accepted, to find the member that was refused, or as many as a quota has room for. New
-- ids, so new keys. The smaller come first, as if they had waited longer: one message alone is reached after seven requests,
-- where a backlog of batches would first be halved whole.
create function email_queue_private.split_dispatch(p_dispatch email_queue_private.dispatch) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into email_queue_private.dispatch (id, created_at, updated_at, visible_at, send_before, bytes, priority, attempts_allowed,
    type, lane, message_ids, member_attempts, member_errors)
  select email_queue_private.new_id(), clock_timestamp(), clock_timestamp(),
    clock_timestamp() - (100 - cardinality(p_dispatch.message_ids)) * interval '1 second', min(m.send_before),
    sum(m.bytes), p_dispatch.priority, max(m.max_attempts - e.attempts - p_dispatch.attempt), p_dispatch.type, p_dispatch.lane,
    array_agg(e.id order by e.ordinal), array_agg((e.attempts + p_dispatch.attempt)::smallint order by e.ordinal),
    jsonb_object_agg(e.id, email_queue_private.append_errors(e.errors, p_dispatch.errors))
      filter (where email_queue_private.append_errors(e.errors, p_dispatch.errors) is not null)
  from email_queue_private.members(p_dispatch) as e
  join email_queue_private.message as m on m.id = e.id
  group by e.ordinal <= (cardinality(p_dispatch.message_ids) + 1) / 2
  order by min(e.ordinal)
$$;
comment on function email_queue_private.split_dispatch(email_queue_private.dispatch) is 'Forms two waiting dispatches from the halves of one.';

-- 55_identity/adopt_next.sql
-- Of the next function that asks. Only on this server: what a copy carries along counts for nothing there.
create function email_queue_private.adopt_next() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into email_queue_private.identity (kind, server, last_server)
  select 'adopt', s.server, s.server from (select email_queue_private.this_server() as server) as s
  where not exists (select 1 from email_queue_private.identity as i where i.kind = 'recorded' or i.kind = 'adopt' and i.server = s.server);
end
$$;
comment on function email_queue_private.adopt_next() is 'Where no identity is recorded: has the next function that asks recorded, whatever waits.';

-- 55_identity/copy_pause.sql
-- {since, until, reason, kind} where the last function that asked was refused, and none that may send is at work.
create function email_queue_private.copy_pause() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('since', r.created_at, 'until', null, 'kind', 'copy', 'reason', email_queue_private.copy_reason(r.address, array(
    select distinct o.address from email_queue_private.identity as o
    where o.kind = 'recorded' and (o.address <> r.address or o.server <> r.last_server) order by o.address)))
  from email_queue_private.identity as r
  where r.kind = 'refused' and not exists (
    select 1 from email_queue_private.identity as o
    where o.kind = 'recorded' and o.last_server = r.last_server and o.seen_at > r.seen_at - interval '15 minutes')
  order by r.seen_at desc limit 1
$$;
comment on function email_queue_private.copy_pause() is 'The pause of a copy, as email_queue_stats shows it; null in an original.';

-- 55_identity/copy_reason.sql
-- What an identity that is not the asking function's means, in words.
create function email_queue_private.copy_reason(p_address text, p_others text[]) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select 'a copy does not send: ' || case
      when cardinality(p_others) = 0 then 'this database has open messages that were not enqueued here'
      when p_others = array[p_address] then format('this queue is that of %s on another database server', p_address)
      else format('this queue is that of %s', array_to_string(array_remove(p_others, p_address), ', ')) end
    || format(', and the function of %s asks for it. If this database may send: select email_queue_adopt();', p_address)
$$;
comment on function email_queue_private.copy_reason(text, text[]) is 'Why a function was refused, and the way out.';

-- 55_identity/email_queue_adopt.sql
create function public.email_queue_adopt() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_answer jsonb;
begin
  lock table email_queue_private.identity in share row exclusive mode;
  select jsonb_build_object('adopted', true,
    'previous', coalesce(jsonb_agg(distinct i.address) filter (where i.kind = 'recorded'), '[]'),
    'refused', coalesce(jsonb_agg(distinct i.address) filter (where i.kind = 'refused'), '[]'))
  into v_answer from email_queue_private.identity as i;
  delete from email_queue_private.identity where kind in ('recorded', 'adopt', 'refused');
  perform email_queue_private.adopt_next();
  return v_answer;
end
$$;
comment on function public.email_queue_adopt() is
  'Says that this database may send: the next function that asks is recorded as its own, and what waits is sent. Answers {adopted, previous, refused}: whose queue it was, and which functions had been refused.';

-- 55_identity/has_open_mail.sql
create function email_queue_private.has_open_mail() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select 1 from email_queue_private.ready as r where r.type = 'email')
    or exists (select 1 from email_queue_private.dispatch as d where d.type = 'email' and d.settled_at is null and d.token is null)
    or exists (select 1 from email_queue_private.dispatch as d where d.type = 'email' and d.token is not null)
$$;
comment on function email_queue_private.has_open_mail() is 'Whether any e-mail is open: scheduled, retrying and frozen ones too.';

-- 55_identity/identify.sql
-- Records the asking function, or refuses it.
create function email_queue_private.identify(p_address text, p_server text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_local boolean := email_queue_private.is_local_address(p_address);
  v_others text[];
  v_none boolean;
  v_at_work boolean;
  v_may boolean;
begin
  -- One at a time: two functions that ask an empty queue at once are not both recorded.
  lock table email_queue_private.identity in share row exclusive mode;
  select coalesce(array_agg(distinct i.address) filter (where i.address <> p_address or v_local and i.server <> p_server), '{}'), count(*) = 0,
    -- A function that was run by hand with another address does not take the place of the one that is at work here.
    coalesce(bool_or(i.last_server = p_server and i.address <> p_address and i.seen_at > clock_timestamp() - interval '15 minutes'), false)
  into v_others, v_none, v_at_work
  from email_queue_private.identity as i where i.kind = 'recorded';
  if not v_none and v_others = '{}' then
    return null; -- Another call has recorded it meanwhile.
  end if;
  v_may := case
    when not email_queue_private.has_open_mail() then not v_at_work
    when not v_none then false
    else exists (select 1 from email_queue_private.identity as i where i.kind = 'adopt' and i.server = p_server)
      or pg_catalog.pg_sequence_last_value('email_queue_private.enqueued_here') is not null
        and coalesce(pg_catalog.pg_sequence_last_value('email_queue_private.recorded_here') = email_queue_private.server_number(p_server), true) end;
  if v_may then
    delete from email_queue_private.identity where kind in ('recorded', 'adopt', 'refused');
    insert into email_queue_private.identity (kind, address, server, last_server) values ('recorded', p_address, p_server, p_server);
    perform setval('email_queue_private.recorded_here', email_queue_private.server_number(p_server));
    return null;
  end if;
  update email_queue_private.identity set seen_at = clock_timestamp(), last_server = p_server where kind = 'refused' and address = p_address;
  if not found then
    insert into email_queue_private.identity (kind, address, server, last_server) values ('refused', p_address, p_server, p_server);
  end if;
  return email_queue_private.copy_reason(p_address, v_others);
end
$$;
comment on function email_queue_private.identify(text, text) is 'Records a function as the one that may send, or says why not.';

-- 55_identity/identity_address.sql
-- A host, and its port where that is not the scheme's own. The names that this machine has for itself are one: a function
-- run by hand and one in a container of the local stack have different ones.
create function email_queue_private.identity_address(p_url text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when a.address ~ '^([a-z0-9_-]+|(.*[.])?localhost|127[.][0-9.]+|0[.]0[.]0[.]0|[[]::1?[]]|.*[.]docker[.]internal|.*[.]supabase[.]internal)(:[0-9]+)?$' then 'localhost'
    else a.address end
  from (
    select regexp_replace(regexp_replace(split_part(split_part(split_part(regexp_replace(u.url, '^https?://', ''), '/', 1), '?', 1), '#', 1), '^.*@', ''),
      case when u.url like 'https:%' then ':443$' else ':80$' end, '') as address
    from (select left(lower(btrim(p_url) collate "C"), 300) as url) as u
  ) as a
$$;
comment on function email_queue_private.identity_address(text) is 'The host of an address, for comparisons; localhost for all names of this machine.';

-- 55_identity/identity_obstacle.sql
-- For a call of the worker that claims or begins: {state, reason} where its function may not send, else null. A caller that
-- reports no address is not checked.
create function email_queue_private.identity_obstacle(p_request jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_address text := nullif(email_queue_private.identity_address(p_request ->> 'project_url'), '');
  v_local boolean := email_queue_private.is_local_address(v_address);
  v_server text;
  v_mine boolean;
  v_stale boolean;
  v_reason text;
begin
  if v_address is null or coalesce(jsonb_typeof(p_request -> 'claim'), 'null') <> 'object' and coalesce(jsonb_array_length(p_request -> 'begins'), 0) = 0 then
    return null;
  end if;
  if v_local then
    v_server := email_queue_private.this_server();
  end if;
  select bool_and(i.address = v_address and (not v_local or i.server = v_server)), bool_and(i.seen_at < clock_timestamp() - interval '5 minutes')
  into v_mine, v_stale from email_queue_private.identity as i where i.kind = 'recorded';
  if v_mine is not true then
    v_reason := email_queue_private.identify(v_address, coalesce(v_server, email_queue_private.this_server()));
  elsif v_stale then
    -- Nobody waits for another's note.
    update email_queue_private.identity set seen_at = clock_timestamp(), last_server = coalesce(v_server, email_queue_private.this_server())
    where id in (select i.id from email_queue_private.identity as i where i.kind = 'recorded' for update skip locked);
  end if;
  return case when v_reason is not null then jsonb_build_object('state', 'paused', 'reason', v_reason) end;
exception when query_canceled or others then
  return jsonb_build_object('state', 'error', 'reason', sqlerrm);
end
$$;
comment on function email_queue_private.identity_obstacle(jsonb) is 'Why the function that asks may not send from this database; null where it may.';

-- 55_identity/is_local_address.sql
-- Such an address says little: many machines have it. There the server's own identifiers decide too.
create function email_queue_private.is_local_address(p_address text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_address = 'localhost'
    or p_address ~ '^(10[.][0-9.]+|192[.]168[.][0-9.]+|172[.](1[6-9]|2[0-9]|3[01])[.][0-9.]+|[[]f[cde][0-9a-f:]+[]]|.*[.](local|lan|internal|home[.]arpa))(:[0-9]+)?$'
$$;
comment on function email_queue_private.is_local_address(text) is 'Whether an address is one that several machines may have.';

-- 55_identity/server_number.sql
create function email_queue_private.server_number(p_server text) returns bigint
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select greatest(1, hashtextextended(p_server, 0) & 9223372036854775807)
$$;
comment on function email_queue_private.server_number(text) is 'A server as a sequence can keep it.';

-- 55_identity/this_server.sql
create function email_queue_private.this_server() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_system text;
  v_database oid := (select d.oid from pg_catalog.pg_database as d where d.datname = current_database());
begin
  begin
    select s.system_identifier::text into v_system from pg_catalog.pg_control_system() as s;
  exception when others then
    null; -- Not readable here: then the database's oid is all there is.
  end;
  return coalesce(v_system, '?') || '/' || v_database;
end
$$;
comment on function email_queue_private.this_server() is 'The server''s system identifier and the database''s oid.';

-- 60_work/claim.sql
-- p_claim: {type, tokens: [uuid], lease_ms, max_messages, max_bytes, max_wait_ms, max_frozen}; p_begins: those of the same call, which
-- come after it.
create function email_queue_private.claim(p_claim jsonb, p_begins jsonb, out claims json[], out obstacle jsonb, out next_due_ms bigint)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_type text := coalesce(p_claim ->> 'type', 'email');
  v_lease interval := least(greatest(coalesce((p_claim ->> 'lease_ms')::bigint, 60000), 1), 3600000) * interval '1 millisecond';
  v_max_messages integer := least(greatest(coalesce((p_claim ->> 'max_messages')::integer, 100), 1), 100);
  v_bytes_left bigint := least(coalesce((p_claim ->> 'max_bytes')::bigint, 8388608), 1073741824);
  v_budget email_queue_private.budget;
  v_token uuid;
  v_dispatch email_queue_private.dispatch;
  v_new boolean;
  v_trouble boolean := false;
  v_replays integer := coalesce((p_claim ->> 'max_frozen')::integer, 20);
begin
  claims := array[]::json[];
  perform email_queue_private.sweep();
  if v_type = 'email' then
    v_budget := email_queue_private.budget_now();
    obstacle := email_queue_private.claim_obstacle(v_budget, p_begins, coalesce((p_claim ->> 'max_wait_ms')::bigint, 2000) * interval '1 millisecond');
  end if;
  v_new := obstacle is null;
  if v_new and v_type = 'email' and email_queue_private.in_trouble() then
    v_trouble := true;
    perform email_queue_private.lock_budget();
  end if;
  -- What a token already has is given again whatever stands in the way, or a repeated call would leave it to expire.
  for v_token in select t::uuid from jsonb_array_elements_text(p_claim -> 'tokens') as t limit 20 loop
    v_dispatch := email_queue_private.claim_one(v_type, v_token, v_new and v_bytes_left > 0, v_lease, v_max_messages, v_bytes_left::integer,
      v_trouble, v_replays);
    if v_dispatch.id is null then
      if v_trouble and v_new and v_bytes_left > 0 then
        obstacle := email_queue_private.closed_lanes(v_type, clock_timestamp());
      end if;
      v_new := false;
    else
      v_bytes_left := v_bytes_left - v_dispatch.bytes;
      claims := claims || email_queue_private.describe_dispatch(v_dispatch);
      v_replays := v_replays - v_dispatch.frozen::integer;
      v_new := v_new and not email_queue_private.is_suspect(v_dispatch);
    end if;
  end loop;
  if cardinality(claims) < jsonb_array_length(p_claim -> 'tokens') then
    next_due_ms := email_queue_private.next_due_ms(v_type,
      case when v_trouble then array(select c.scope from email_queue_private.closed_scopes(clock_timestamp(), null) as c) end);
  end if;
end
$$;
comment on function email_queue_private.claim(jsonb, jsonb) is 'Sweeps, then claims up to one dispatch a token; says what stands in the way, and when the next is due.';

-- 60_work/closed_lanes.sql
-- What keeps lanes with due mail from being claimed from; null where no lane is kept.
create function email_queue_private.closed_lanes(p_type text, p_now timestamptz) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with closed as materialized (select c.scope, c.opens_at from email_queue_private.closed_scopes(p_now, null) as c)
  select email_queue_private.unavailable(min(k.opens_at), p_now) from (
    select h.lane from email_queue_private.heads(p_type, p_now) as h
    union
    select d.lane from email_queue_private.dispatch as d
    where d.token is null and d.settled_at is null and d.type = p_type and d.visible_at <= p_now and not d.frozen
      and not email_queue_private.is_paused(d.lane)
  ) as due cross join lateral (
    select max(c.opens_at) as opens_at from closed as c where c.scope in (due.lane, email_queue_private.endpoint_of(due.lane))) as k
$$;
comment on function email_queue_private.closed_lanes(text, timestamptz) is 'The obstacle of a claim that found nothing but lanes that the circuit breaker has closed.';

-- 60_work/email_queue_extend.sql
create function public.email_queue_extend(p_dispatch_id uuid, p_token uuid, p_lease_ms bigint) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_until timestamptz;
begin
  update email_queue_private.dispatch as d
  set visible_at = greatest(d.visible_at, clock_timestamp() + least(greatest(p_lease_ms, 1), 3600000) * interval '1 millisecond'),
    updated_at = clock_timestamp()
  where d.id = p_dispatch_id and d.token = p_token and d.visible_at > clock_timestamp()
  returning d.visible_at into v_until;
  return jsonb_build_object('dispatch_id', p_dispatch_id, 'result', case when v_until is null then 'lost' else 'applied' end,
    'lease_expires_at', v_until);
end
$$;
comment on function public.email_queue_extend(uuid, uuid, bigint) is 'Makes an unexpired lease longer. Answers {result: applied|lost, lease_expires_at}.';

-- 60_work/email_queue_settle.sql
create function public.email_queue_settle(p_settle jsonb) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_worker_work(jsonb_build_object('settles', jsonb_build_array(p_settle)))::jsonb -> 'settles' -> 0
$$;
comment on function public.email_queue_settle(jsonb) is
  'Applies outcomes to a dispatch under its token. Answers {result: applied|already|lost|invalid}.';

-- 60_work/email_queue_worker_work.sql
-- The worker's call carries any number of settles, begins and claims. It answers one value; expected outcomes are values, not
-- errors.

-- The switched-off plans: every query here goes by a key, and statistics of a table that was empty a moment ago mislead.
-- jit: a switched-off plan that is taken all the same (a table of one row) costs 10^10, which would have it compiled:
-- 400 ms a call instead of 5.
create function public.email_queue_worker_work(p_request jsonb) returns json
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
  perform email_queue_private.check_sees_all();
  return email_queue_private.work(p_request);
end
$$;
comment on function public.email_queue_worker_work(jsonb) is
  'The worker''s call: {settles, begins, claim: {type, tokens, lease_ms, max_messages, max_bytes, max_wait_ms, max_frozen}, count_remaining, seed_sender, project_url, run: {id, cause, quiet_ms, last, report}}. Answers {settles, begins, claims, obstacle, next_due_ms, remaining, now_ms, ...}.';

-- 60_work/is_suspect.sql
-- What a worker held, and had not begun, when its lease ran out may be what ended it. It is handed out without others, so
-- that those do not pay for it each time.
create function email_queue_private.is_suspect(p_dispatch email_queue_private.dispatch) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return p_dispatch.expired_unbegun > 0
    or p_dispatch.member_errors is not null and jsonb_path_exists(p_dispatch.member_errors, '$.*[*] ? (@.class == "crash")');
end
$$;
comment on function email_queue_private.is_suspect(email_queue_private.dispatch) is 'Whether a dispatch, or a member of it, may have ended a worker before.';

-- 60_work/keep_quiet.sql
-- p_quiet_ms: as in email_queue_worker_work's "run". A run never keeps enqueues quiet for longer than some seconds, since it may die.
create function email_queue_private.keep_quiet(p_quiet_ms bigint) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_quiet_ms is not null and (email_queue_private.wiring_now()).wake_every_ms is not null then
    perform setval('email_queue_private.next_wake', case when p_quiet_ms > 0
      then floor(extract(epoch from clock_timestamp()) * 1000)::bigint + least(p_quiet_ms, 10000) else 0 end);
  end if;
end
$$;
comment on function email_queue_private.keep_quiet(bigint) is 'A listening run looks again within this time: enqueues make no calls until then. 0: they make calls again.';

-- 60_work/next_due_ms.sql
-- When the next message or dispatch of a type can be claimed, in milliseconds from now (0: now); null where nothing waits.
create function email_queue_private.next_due_ms(p_type text, p_closed text[]) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when t.due is not null then greatest(0, ceil(extract(epoch from t.due - clock_timestamp()) * 1000))::bigint end
  from (select least(
    (select min(h.run_at)
      from email_queue_private.lanes(p_type, p_closed) as l(lane) cross join generate_series(0, 3) as p(priority) cross join lateral (
        select r.run_at from email_queue_private.ready as r
        where r.type = p_type and r.lane = l.lane and r.priority = p.priority order by r.run_at limit 1) as h),
    (select min(d.visible_at) from email_queue_private.dispatch as d
      where d.token is null and d.settled_at is null and d.type = p_type and not email_queue_private.is_paused(d.lane)
        and (d.frozen or not email_queue_private.is_closed(d.lane, p_closed)))
  ) as due) as t
$$;
comment on function email_queue_private.next_due_ms(text, text[]) is 'Milliseconds until something of a type can be claimed; null where nothing waits.';

-- 60_work/record_run.sql
-- Writes little: a start, a sign of life every five seconds, an end.
create function email_queue_private.record_run(p_run jsonb, p_ended boolean) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_report jsonb := case when p_ended then coalesce(p_run -> 'report', '{}') end;
begin
  update email_queue_private.run as r
  set last_seen_at = v_now, ended_at = case when p_ended then v_now end, stopped = case when p_ended then coalesce(v_report ->> 'stopped', 'empty') end,
    reason = left(v_report ->> 'reason', 1000), counts = v_report - array['runId', 'stopped', 'reason']
  where r.id = (p_run ->> 'id')::uuid and (p_ended or r.ended_at is not null or r.last_seen_at < v_now - interval '5 seconds');
  if not found then
    insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, reason, counts)
    values ((p_run ->> 'id')::uuid, p_run ->> 'cause', v_now, v_now, case when p_ended then v_now end, case when p_ended then coalesce(v_report ->> 'stopped', 'empty') end,
      left(v_report ->> 'reason', 1000), nullif(v_report - array['runId', 'stopped', 'reason'], '{}'))
    on conflict (id) do nothing;
    if found then
      delete from email_queue_private.run where id in (
        select o.id from email_queue_private.run as o where o.started_at < v_now - interval '1 day' order by o.started_at limit 10);
    end if;
  end if;
  return p_ended;
exception when others then
  -- No run fails for its record.
  return false;
end
$$;
comment on function email_queue_private.record_run(jsonb, boolean) is 'Notes a run''s start, a sign of life, or its end; answers whether the end is recorded.';

-- 60_work/remaining.sql
-- Messages that could be claimed now and are not, counted up to 10,000. (select clock_timestamp()) is one value, which an
-- index can be searched for.
create function email_queue_private.remaining(p_type text) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select least(10000, coalesce((
      select sum(c.n) from email_queue_private.lanes(p_type) as l(lane) cross join generate_series(0, 3) as p(priority) cross join lateral (
        select count(*) as n from (
          select 1 from email_queue_private.ready as r
          where r.type = p_type and r.lane = l.lane and r.priority = p.priority and r.run_at <= (select clock_timestamp()) limit 10000) as due) as c), 0)
    + coalesce((select sum(cardinality(d.message_ids)) from email_queue_private.dispatch as d
      where d.token is null and d.settled_at is null and d.type = p_type and d.visible_at <= (select clock_timestamp()) and not email_queue_private.is_paused(d.lane)), 0))::bigint
$$;
comment on function email_queue_private.remaining(text) is 'Messages of a type that are due and not claimed, up to 10,000.';

-- 60_work/work.sql
create function email_queue_private.work(p_request jsonb) returns json
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_item jsonb;
  v_settles jsonb[] := array[]::jsonb[];
  v_begins jsonb[] := array[]::jsonb[];
  v_claim record;
  v_claim_error text;
  v_stuck text;
  v_copy jsonb := email_queue_private.identity_obstacle(p_request);
  v_run jsonb := case when jsonb_typeof(p_request -> 'run') = 'object' then p_request -> 'run' end;
  v_run_ended boolean := false;
begin
  select '{}'::json[] as claims, null::jsonb as obstacle, null::bigint as next_due_ms into v_claim;
  -- What claim and begin promise must survive a crash of the server, whatever the role's default is.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if p_request ? 'seed_sender' and (email_queue_private.sender_fault(p_request -> 'seed_sender')).message is null
    and (email_queue_private.settings()).default_sender is null
  then
    insert into email_queue_private.setting default values on conflict do nothing;
    update email_queue_private.setting set default_sender = p_request ->> 'seed_sender' where default_sender is null;
  end if;
  -- Before the claim: who enqueues after it may make a call again.
  if v_run ? 'quiet_ms' then
    perform email_queue_private.keep_quiet((v_run ->> 'quiet_ms')::bigint);
  end if;
  -- One lock order for all calls that name several dispatches.
  perform 1 from email_queue_private.dispatch as d
  where d.id in (
    select (e ->> 'dispatch_id')::uuid from jsonb_array_elements(p_request -> 'settles') as e
    union all
    select (e ->> 'dispatch_id')::uuid from jsonb_array_elements(p_request -> 'begins') as e)
  order by d.id for update;

  for v_item in select e from jsonb_array_elements(p_request -> 'settles') as e loop
    begin
      v_settles := v_settles || email_queue_private.settle_dispatch(v_item);
    exception when others then
      v_settles := v_settles || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'result', 'error', 'reason', sqlerrm);
    end;
  end loop;
  if v_copy ->> 'state' = 'error' then
    v_claim_error := v_copy ->> 'reason';
  elsif v_copy is not null then
    v_claim.obstacle := v_copy;
  elsif jsonb_typeof(p_request -> 'claim') = 'object' then
    begin
      select * into v_claim from email_queue_private.claim(p_request -> 'claim', p_request -> 'begins');
    exception when query_canceled or others then
      v_claim_error := sqlerrm;
    end;
  end if;
  -- Last: from the first begin on, the pausing transaction waits for the end of this call.
  -- Where one waited in vain for such a pause, the others would too, until the statement's time is up and the settles undone.
  for v_item in select e from jsonb_array_elements(p_request -> 'begins') as e loop
    begin
      v_begins := v_begins || case when v_copy is not null then v_copy || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id')
        when v_stuck is null then email_queue_private.begin_dispatch(v_item)
        else jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'state', 'error', 'reason', v_stuck) end;
    exception when query_canceled or others then
      v_stuck := case when sqlstate in ('55P03', '57014') then sqlerrm end;
      v_begins := v_begins || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'state', 'error', 'reason', sqlerrm);
    end;
  end loop;
  if v_run is not null then
    -- As the run sees it: it goes on where something was claimed, or may be claimed in a moment.
    v_run_ended := email_queue_private.record_run(v_run, (v_run ->> 'last')::boolean is true and cardinality(v_claim.claims) = 0
      and v_claim.obstacle is null and v_claim_error is null and v_claim.next_due_ms is distinct from 0);
  end if;
  return json_build_object('settles', v_settles, 'begins', v_begins,
    'claims', v_claim.claims, 'obstacle', v_claim.obstacle, 'next_due_ms', v_claim.next_due_ms, 'claim_error', v_claim_error,
    'remaining', case when (p_request ->> 'count_remaining')::boolean then email_queue_private.remaining('email') end,
    'retry_ms', email_queue_private.backoff(email_queue_private.settings()),
    'now_ms', floor(extract(epoch from clock_timestamp()) * 1000),
    'wake_every_ms', case when v_run is not null then (email_queue_private.wiring_now()).wake_every_ms end, 'run_ended', v_run_ended);
end
$$;
comment on function email_queue_private.work(jsonb) is 'Settles, claims and begins in this order; a failure of one step leaves the others standing.';

-- 65_consume/email_queue_dequeue.sql
-- For a custom consumer of a custom type: the same leases, fencing and retries, one dispatch a message, begun at
-- once. Rate, pause and horizon are e-mail's.

create function public.email_queue_dequeue(p_types text[], p_tokens uuid[], p_visibility_ms bigint default 60000) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  v_lease interval := least(greatest(coalesce(p_visibility_ms, 60000), 1), 3600000) * interval '1 millisecond';
  v_token uuid;
  v_type text;
  v_dispatch email_queue_private.dispatch;
  v_results jsonb[] := array[]::jsonb[];
begin
  perform email_queue_private.check_sees_all();
  if coalesce(cardinality(p_types), 0) = 0 or array_position(p_types, null) is not null then
    perform email_queue_private.refuse('types', 'must name at least one type');
  end if;
  if exists (select 1 from unnest(p_types) as t where lower(btrim(t) collate "C") = 'email') then
    perform email_queue_private.refuse('types', 'must not name email: the function process-email-queue sends it');
  end if;
  if coalesce(cardinality(p_tokens), 0) not between 1 and 100 or array_position(p_tokens, null) is not null then
    perform email_queue_private.refuse('tokens', 'must be 1 to 100, one for each message wanted');
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform email_queue_private.sweep();
  foreach v_token in array p_tokens loop
    v_dispatch := null;
    foreach v_type in array p_types loop
      v_dispatch := email_queue_private.claim_one(v_type, v_token, true, v_lease, 1, 1073741824, false, 0);
      exit when v_dispatch.id is not null;
    end loop;
    exit when v_dispatch.id is null;
    update email_queue_private.dispatch as d
    set begun = true, attempt = d.attempt + 1, first_begun_at = coalesce(d.first_begun_at, clock_timestamp()), updated_at = clock_timestamp()
    where d.id = v_dispatch.id and not d.begun;
    v_results := v_results || (
      select jsonb_build_object('dispatch_id', v_dispatch.id, 'token', v_dispatch.token, 'message', to_jsonb(q))
      from public.email_queue as q where q.id = v_dispatch.message_ids[1]);
  end loop;
  return to_jsonb(v_results);
end
$$;
comment on function public.email_queue_dequeue(text[], uuid[], bigint) is
  'Leases up to one message for each token, of the first type that has any. Answers [{dispatch_id, token, message}]; repeated with the same tokens it gives the same messages. End each with email_queue_settle.';

-- 70_read/email_queue.sql
-- What users read: the view public.email_queue, and functions that give the same as JSON.

create view public.email_queue with (security_invoker = true) as
select m.id, m.type,
  case
    when m.status is not null then m.status
    when r.id is null then 'processing'
    when r.attempts > 0 then 'retrying'
    else 'pending'
  end as status,
  b.payload, m.priority, coalesce(r.run_at, m.run_at) as run_at,
  coalesce(m.attempts, r.attempts, d.attempts, 0)::smallint as attempts, m.max_attempts,
  coalesce(m.dispatch_id, d.dispatch_id) as dispatch_id, d.lease_expires_at, m.dedup_key, m.metadata,
  case when e.errors is not null or m.status = 'failed'
    then coalesce(e.errors -> -1, '{}'::jsonb) || jsonb_build_object('reason', m.reason, 'history', e.errors) end as error,
  m.provider_message_id, m.created_at, coalesce(m.completed_at, d.updated_at, r.entered_at, m.created_at) as updated_at, m.completed_at,
  m.send_before
from email_queue_private.message as m
left join email_queue_private.body as b on b.id = m.id
left join email_queue_private.ready as r on r.id = m.id and m.status is null
left join (
  select u.id, o.id as dispatch_id, u.attempts + o.attempt as attempts, o.updated_at,
    case when o.token is not null then o.visible_at end as lease_expires_at,
    email_queue_private.append_errors(o.member_errors -> u.id::text, o.errors) as errors
  from (
    -- One index each: a day of settled dispatches is not read.
    select * from email_queue_private.dispatch where token is not null
    union all
    select * from email_queue_private.dispatch where token is null and settled_at is null
  ) as o cross join lateral unnest(o.message_ids, o.member_attempts) as u(id, attempts)
) as d on d.id = m.id and m.status is null
cross join lateral (select coalesce(m.errors, r.errors, d.errors) as errors) as e;
comment on view public.email_queue is 'The queue, one row a message. Read only: enqueue with email_queue_enqueue.';
comment on column public.email_queue.id is 'The message''s id, ordered by time.';
comment on column public.email_queue.type is 'email, or a custom consumer''s type.';
comment on column public.email_queue.status is 'pending, processing, retrying, completed, failed or cancelled.';
comment on column public.email_queue.payload is 'What to send; it never changes after enqueue.';
comment on column public.email_queue.priority is '0 (first) to 3.';
comment on column public.email_queue.run_at is 'Not before this time: as asked for, or after a backoff.';
comment on column public.email_queue.attempts is 'Attempts used: one a provider request that it was in. More than max_attempts where a message of the same request, which may have been sent, may use more: such a request is repeated whole.';
comment on column public.email_queue.max_attempts is 'Attempts it may use before it fails.';
comment on column public.email_queue.dispatch_id is 'The provider request that it is or was part of; the Idempotency-Key is email-queue/<this>.';
comment on column public.email_queue.lease_expires_at is 'Until when a worker holds it.';
comment on column public.email_queue.dedup_key is 'Unique per type while the row exists.';
comment on column public.email_queue.metadata is 'The caller''s own data: an object. Searching it with @> uses an index.';
comment on column public.email_queue.error is 'The last error {class, status, name, message, at, attempt}, the reason it failed for, and the history of up to ten.';
comment on column public.email_queue.provider_message_id is 'The provider''s id of the accepted e-mail.';
comment on column public.email_queue.created_at is 'When it was enqueued.';
comment on column public.email_queue.updated_at is 'When it changed last.';
comment on column public.email_queue.completed_at is 'When it ended.';
comment on column public.email_queue.send_before is 'Fails as expired if it has not begun by then.';

-- 70_read/email_queue_get.sql
create function public.email_queue_get(p_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
  select to_jsonb(q) from public.email_queue as q where q.id = p_id
$$;
comment on function public.email_queue_get(uuid) is 'One message as JSON; null if its id is unknown.';

-- 70_read/email_queue_list.sql
-- Planned for the values of each call: a plan that is kept knows neither how many have some metadata nor where a page begins, and
-- reads all of them.
create function public.email_queue_list(
  p_status text, p_type text default null, p_limit integer default 100, p_before uuid default null,
  p_since timestamptz default null, p_until timestamptz default null, p_metadata jsonb default null
) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set plan_cache_mode = force_custom_plan
as $$
declare
  v_limit integer := least(greatest(p_limit, 1), 1000);
  v_from uuid := email_queue_private.first_id(p_since);
  v_before uuid := least(p_before, email_queue_private.first_id(p_until));
  v_ids uuid[] := case when p_metadata is null
    then array(select i from email_queue_private.ids_by_status(p_status, p_type, v_limit, v_from, v_before) as i)
    else array(select i from email_queue_private.ids_by_metadata(p_metadata, p_status, p_type, v_limit, v_from, v_before) as i) end;
begin
  return (select coalesce(jsonb_agg(to_jsonb(q) order by q.id desc), '[]'::jsonb) from public.email_queue as q where q.id = any (v_ids));
end
$$;
comment on function public.email_queue_list(text, text, integer, uuid, timestamptz, timestamptz, jsonb) is
  'Messages in a status, newest first, as a JSON list of at most 1000; p_before (an id) continues a page; p_since and p_until bound the time of enqueue; p_metadata is what their metadata contains.';

-- 70_read/email_queue_stats.sql
-- Counted up to 100,000 each; completed messages are not counted, since that would read the history.
create function public.email_queue_stats() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with waiting as (
    select r.type, count(*) filter (where r.attempts = 0 and r.run_at <= statement_timestamp()) as pending,
      count(*) filter (where r.attempts = 0 and r.run_at > statement_timestamp()) as scheduled,
      count(*) filter (where r.attempts > 0) as retrying,
      min(r.run_at) filter (where r.run_at <= statement_timestamp()) as oldest
    from (select * from email_queue_private.ready limit 100000) as r group by r.type
  ), working as (
    select d.type, sum(cardinality(d.message_ids)) as processing, coalesce(sum(cardinality(d.message_ids)) filter (where d.frozen), 0) as frozen
    from email_queue_private.dispatch as d where d.settled_at is null group by d.type
  ), ended as (
    select m.type, count(*) filter (where m.status = 'failed') as failed, count(*) filter (where m.status = 'cancelled') as cancelled
    from (select * from email_queue_private.message as m where m.reason is not null limit 100000) as m group by m.type
  )
  select jsonb_build_object(
    'types', coalesce((
      select jsonb_object_agg(t.type, jsonb_build_object(
        'pending', coalesce(w.pending, 0), 'scheduled', coalesce(w.scheduled, 0), 'retrying', coalesce(w.retrying, 0),
        'processing', coalesce(p.processing, 0), 'frozen', coalesce(p.frozen, 0),
        'failed', coalesce(e.failed, 0), 'cancelled', coalesce(e.cancelled, 0),
        'oldest_due_seconds', floor(extract(epoch from statement_timestamp() - w.oldest))))
      from (select w.type from waiting as w union select p.type from working as p union select e.type from ended as e) as t
      left join waiting as w on w.type = t.type left join working as p on p.type = t.type left join ended as e on e.type = t.type), '{}'::jsonb),
    'paused', coalesce(email_queue_private.copy_pause(), case when b.paused_at is not null and (b.paused_until is null or b.paused_until > statement_timestamp())
      then jsonb_build_object('since', b.paused_at, 'until', b.paused_until, 'reason', b.pause_reason) end),
    'paused_domains', (
      select coalesce(jsonb_agg(jsonb_build_object('domain', d.domain, 'since', d.paused_at, 'until', d.paused_until, 'reason', d.reason) order by d.domain), '[]'::jsonb)
      from email_queue_private.paused_domain as d where d.paused_until is null or d.paused_until > statement_timestamp()),
    'cooldown', case when b.cooldown_until > statement_timestamp() then jsonb_build_object('until', b.cooldown_until, 'reason', b.cooldown_reason) end,
    'unknown_in_a_row', (select coalesce(max(w.streak), 0) from email_queue_private.breaker as w),
    'requests_per_second', email_queue_private.request_rate(b))
  from email_queue_private.budget_now() as b
$$;
comment on function public.email_queue_stats() is
  'Depth by type (counted up to 100,000), and what stands in the way: pause, paused domains, cooldown, unknown outcomes in a row.';

-- 70_read/first_id.sql
-- Ids are ordered by the time of enqueue, so a time is a place among them.
create function email_queue_private.first_id(p_time timestamptz) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when p_time is not null
    then (lpad(to_hex(least(greatest(0, extract(epoch from p_time) * 1000), 281474976710655)::bigint), 12, '0') || repeat('0', 20))::uuid end
$$;
comment on function email_queue_private.first_id(timestamptz) is 'The least id that a message enqueued at this time or later can have.';

-- 70_read/ids_by_metadata.sql
-- The same of those whose metadata contains p_metadata. Common metadata is found among the newest, which are looked at first;
-- rare metadata by its index: all of it is put into a list, since for a page of it the planner would walk down from the newest,
-- through all of them where nothing is left to find.
create function email_queue_private.ids_by_metadata(p_metadata jsonb, p_status text, p_type text, p_limit integer, p_from uuid, p_before uuid)
returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_window integer := greatest(200, 10 * p_limit);
  v_oldest uuid; -- of the newest; null where that is all of them
  v_count integer;
begin
  perform email_queue_private.check_metadata('metadata', p_metadata);
  v_oldest := case
    when p_status = 'completed' then (select m.id from email_queue_private.message as m
      where (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before) order by m.id desc offset v_window - 1 limit 1)
    when p_status in ('failed', 'cancelled') then (select m.id from email_queue_private.message as m
      where m.reason is not null and (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before) order by m.id desc offset v_window - 1 limit 1)
    when p_status in ('pending', 'retrying') then (select r.id from email_queue_private.ready as r
      where (p_from is null or r.id >= p_from) and (p_before is null or r.id < p_before) order by r.id desc offset v_window - 1 limit 1)
  end;
  return query select m.id from email_queue_private.message as m
    where m.metadata @> p_metadata and m.id = any (array(
      select i from email_queue_private.ids_by_status(p_status, p_type, null, coalesce(v_oldest, p_from), p_before) as i))
    order by m.id desc limit p_limit;
  get diagnostics v_count = row_count;
  if v_oldest is not null and v_count < p_limit then
    return query select i from unnest(array(
        select m.id from (
          select m.* from email_queue_private.message as m
          where p_status in ('completed', 'failed', 'cancelled') and m.status = p_status and (p_status = 'completed' or m.reason is not null)
          union all
          select m.* from email_queue_private.message as m join email_queue_private.ready as r on r.id = m.id
          where p_status in ('pending', 'retrying') and (r.attempts > 0) = (p_status = 'retrying')
        ) as m
        where m.metadata @> p_metadata and m.id < v_oldest and (p_from is null or m.id >= p_from) and (p_type is null or m.type = p_type)
      )) as i order by i desc limit p_limit - v_count;
  end if;
end
$$;
comment on function email_queue_private.ids_by_metadata(jsonb, text, text, integer, uuid, uuid) is
  'Ids of messages in a status whose metadata contains p_metadata, newest first.';

-- 70_read/ids_by_status.sql
-- A page of ids by status from the table where that status lives, so that no page reads the whole history.
create function email_queue_private.ids_by_status(p_status text, p_type text, p_limit integer, p_from uuid, p_before uuid) returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  case
    when p_status = 'processing' then
      return query select u.id from (
          select * from email_queue_private.dispatch where token is not null
          union all
          select * from email_queue_private.dispatch where token is null and settled_at is null
        ) as d cross join lateral unnest(d.message_ids) as u(id)
        where (p_type is null or d.type = p_type) and (p_from is null or u.id >= p_from) and (p_before is null or u.id < p_before)
        order by u.id desc limit p_limit;
    when p_status in ('pending', 'retrying') then
      return query select r.id from email_queue_private.ready as r
        where (r.attempts > 0) = (p_status = 'retrying') and (p_type is null or r.type = p_type) and (p_from is null or r.id >= p_from) and (p_before is null or r.id < p_before)
        order by r.id desc limit p_limit;
    when p_status in ('failed', 'cancelled') then
      return query select m.id from email_queue_private.message as m
        where m.reason is not null and m.status = p_status and (p_type is null or m.type = p_type) and (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before)
        order by m.id desc limit p_limit;
    when p_status = 'completed' then
      return query select m.id from email_queue_private.message as m
        where m.status = p_status and (p_type is null or m.type = p_type) and (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before)
        order by m.id desc limit p_limit;
    else
      perform email_queue_private.refuse('status', 'must be pending, processing, retrying, completed, failed or cancelled');
  end case;
end
$$;
comment on function email_queue_private.ids_by_status(text, text, integer, uuid, uuid) is 'Ids of messages in a status, newest first.';

-- 75_operate/email_queue_configure.sql
create function public.email_queue_configure(p_settings jsonb default '{}') returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_key text;
  v_constraint text;
  v_setting email_queue_private.setting;
begin
  if coalesce(jsonb_typeof(p_settings), 'null') <> 'object' then
    perform email_queue_private.refuse('settings', 'must be an object');
  end if;
  if p_settings = '{}' then
    return to_jsonb(email_queue_private.settings()) - 'singleton';
  end if;
  insert into email_queue_private.setting default values on conflict do nothing;
  select * into v_setting from email_queue_private.setting for update;
  for v_key in select jsonb_object_keys(p_settings) loop
    if not to_jsonb(v_setting) ? v_key or v_key = 'singleton' then
      perform email_queue_private.refuse(left(v_key, 60), 'is not a setting');
    end if;
    if jsonb_typeof(p_settings -> v_key) = 'null' and v_key not in ('default_sender', 'horizon', 'payload_retention')
      or v_key = 'default_sender' and jsonb_typeof(p_settings -> v_key) not in ('string', 'null')
      or v_key = 'default_sender' and jsonb_typeof(p_settings -> v_key) = 'string' and (email_queue_private.sender_fault(p_settings -> v_key)).message is not null then
      perform email_queue_private.refuse(v_key, email_queue_private.setting_rule(v_key));
    end if;
    begin
      v_setting := jsonb_populate_record(v_setting, jsonb_build_object(v_key, p_settings -> v_key));
    exception when data_exception then
      perform email_queue_private.refuse(v_key, email_queue_private.setting_rule(v_key));
    end;
  end loop;
  begin
    update email_queue_private.setting
    set default_sender = v_setting.default_sender, rate_limit = v_setting.rate_limit, horizon = v_setting.horizon,
      default_max_attempts = v_setting.default_max_attempts, max_payload_bytes = v_setting.max_payload_bytes,
      retry_base_ms = v_setting.retry_base_ms, retry_cap_ms = v_setting.retry_cap_ms,
      completed_retention = v_setting.completed_retention, failed_retention = v_setting.failed_retention,
      payload_retention = v_setting.payload_retention
    where singleton;
  exception when check_violation then
    -- A constraint is named after its setting, without the unit.
    get stacked diagnostics v_constraint = constraint_name;
    select k into v_key from jsonb_object_keys(to_jsonb(v_setting)) as k
    where starts_with(v_constraint, 'setting_' || regexp_replace(k, '_ms$', '') || '_');
    perform email_queue_private.refuse(v_key, email_queue_private.setting_rule(v_key));
  end;
  return to_jsonb(v_setting) - 'singleton';
end
$$;
comment on function public.email_queue_configure(jsonb) is 'Changes settings (those named) and answers all of them.';

-- 75_operate/email_queue_pause.sql
create function public.email_queue_pause(p_reason text, p_domain text default null, p_seconds integer default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_until timestamptz := clock_timestamp() + p_seconds * interval '1 second';
begin
  if p_reason = '' then
    perform email_queue_private.refuse('reason', 'must be a text that says why');
  end if;
  -- A mistyped domain would look paused, and would not be.
  if email_queue_private.bare_address_fault('x@' || p_domain) is not null then
    perform email_queue_private.refuse('domain', 'must be a sender''s domain, as in example.com');
  end if;
  if p_seconds < 1 then
    perform email_queue_private.refuse('seconds', 'must be a whole number above 0');
  end if;
  if p_domain is null then
    perform email_queue_private.lock_budget();
    update email_queue_private.budget
    set paused_at = clock_timestamp(), paused_until = v_until, pause_reason = coalesce(p_reason, 'paused by an operator')
    where singleton;
  else
    insert into email_queue_private.paused_domain (domain, paused_at, paused_until, reason)
    values (lower(p_domain collate "C"), clock_timestamp(), v_until, coalesce(p_reason, 'paused by an operator'))
    on conflict (domain) do update
    set paused_at = excluded.paused_at, paused_until = excluded.paused_until, reason = excluded.reason, refusals = 0, first_refused_at = null;
  end if;
  return jsonb_build_object('domain', lower(p_domain collate "C"), 'paused_until', v_until);
end
$$;
comment on function public.email_queue_pause(text, text, integer) is 'Pauses the queue, or one sender domain, for some seconds or until resumed.';

-- 75_operate/email_queue_resume.sql
create function public.email_queue_resume(p_domain text default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_resumed boolean;
begin
  if p_domain is null then
    -- A replay that was told to wait for a quota would otherwise wait on, past its horizon perhaps.
    update email_queue_private.dispatch
    set visible_at = clock_timestamp()
    where id = any (array(
      select d.id from email_queue_private.dispatch as d
      where d.frozen and d.token is null and d.visible_at > clock_timestamp() order by d.id for update));
    perform email_queue_private.lock_budget();
    delete from email_queue_private.breaker where scope is not null;
    v_resumed := found;
    update email_queue_private.budget
    set paused_at = null, paused_until = null, pause_reason = null, cooldown_until = null, cooldown_reason = null
    where paused_at is not null or cooldown_until > clock_timestamp();
    v_resumed := v_resumed or found;
  else
    delete from email_queue_private.paused_domain where domain = lower(p_domain collate "C");
    v_resumed := found;
  end if;
  return jsonb_build_object('domain', lower(p_domain collate "C"), 'resumed', v_resumed);
end
$$;
comment on function public.email_queue_resume(text) is 'Ends a pause of the queue (and its cooldown, the circuit breaker, and the wait of frozen dispatches), or of one sender domain.';

-- 75_operate/setting_rule.sql
-- What a setting may be, in words; the constraints of the table say it in SQL.
create function email_queue_private.setting_rule(p_name text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_name = 'default_sender' then 'must be an e-mail address, or Name <address>'
    when p_name = 'rate_limit' then 'must be a number of requests a second, above 0 and at most 1000'
    when p_name = 'default_max_attempts' then 'must be a whole number from 1 to 100'
    when p_name = 'max_payload_bytes' then 'must be a whole number from 1024 to 41943040'
    when p_name = 'retry_base_ms' then 'must be a whole number of milliseconds from 1 to 86400000'
    when p_name = 'retry_cap_ms' then 'must be a whole number of milliseconds from retry_base_ms to 86400000'
    when p_name = 'horizon' or right(p_name, 10) = '_retention' then 'must be an interval above zero'
  end
$$;
comment on function email_queue_private.setting_rule(text) is 'What a setting may be, for an error.';

-- 76_dead_letters/check_filter.sql
-- What changes messages asks more of it than what lists them: {"metadata": {}} would be all that have any, and is what is left of
-- {order: undefined} in JavaScript; {"metadata": null} would be all, and is what a query that found nothing gives.
create function email_queue_private.check_filter(p_filter jsonb, p_changes boolean) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_filter jsonb := coalesce(nullif(p_filter, 'null'::jsonb), '{}'::jsonb);
  v_key text;
begin
  if jsonb_typeof(v_filter) <> 'object' then
    perform email_queue_private.refuse('filter', 'must be an object');
  end if;
  for v_key in select jsonb_object_keys(v_filter) loop
    if v_key not in ('type', 'reason', 'since', 'until', 'text', 'metadata') then
      perform email_queue_private.refuse(left('filter.' || v_key, 60), 'is not a filter: use type, reason, since, until, text or metadata');
    end if;
  end loop;
  if v_filter ->> 'reason' not in ('rejected', 'exhausted', 'unknown_outcome', 'expired') then
    perform email_queue_private.refuse('filter.reason', 'must be rejected, exhausted, unknown_outcome or expired');
  end if;
  perform email_queue_private.check_time('filter.since', v_filter ->> 'since');
  perform email_queue_private.check_time('filter.until', v_filter ->> 'until');
  perform email_queue_private.check_metadata('filter.metadata', nullif(v_filter -> 'metadata', 'null'::jsonb));
  if p_changes and v_filter -> 'metadata' in ('{}'::jsonb, 'null'::jsonb) then
    perform email_queue_private.refuse('filter.metadata', 'must name at least one key');
  end if;
  return v_filter;
end
$$;
comment on function email_queue_private.check_filter(jsonb, boolean) is 'A filter of dead letters, or an error that names the field.';

-- 76_dead_letters/dead_letters.sql
-- Dead letters: list, redrive, discard. A filter is {type, reason, since, until, text, metadata}: since and until bound the
-- time at which the message failed, text is looked for in its last error, metadata is contained in the message's own.
-- Bounded: each call takes at most 1000 messages.

-- Oldest first, so that repeated calls of a bounded redrive get through all of them. strpos, not like: a text with % or _
-- means these. What has some metadata is found apart, all of it: a walk in the order of the ids could have to go through all
-- dead letters for it. A plan for the values of each call leaves out what they do not ask for.
create function email_queue_private.dead_letters(p_ids uuid[], p_filter jsonb, p_before uuid, p_newest boolean, p_limit integer)
returns setof email_queue_private.message
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  v_metadata jsonb := nullif(p_filter -> 'metadata', 'null'::jsonb);
begin
  return query select m.* from email_queue_private.message as m
  where m.reason is not null and m.status = 'failed' and (p_ids is null or m.id = any (p_ids)) and (p_before is null or m.id < p_before)
    and (p_filter ->> 'type' is null or m.type = p_filter ->> 'type')
    and (p_filter ->> 'reason' is null or m.reason = p_filter ->> 'reason')
    and (p_filter ->> 'since' is null or m.completed_at >= (p_filter ->> 'since')::timestamptz)
    and (p_filter ->> 'until' is null or m.completed_at < (p_filter ->> 'until')::timestamptz)
    and (p_filter ->> 'text' is null or strpos(lower(coalesce(m.errors ->> -1, '') collate "C"), lower((p_filter ->> 'text') collate "C")) > 0)
    and (v_metadata is null or m.id = any (array(
      select o.id from email_queue_private.message as o where o.metadata @> v_metadata and o.reason is not null and o.status = 'failed')))
  order by case when p_newest then m.id end desc, case when not p_newest then m.id end
  limit least(greatest(p_limit, 0), 1000);
end
$$;
comment on function email_queue_private.dead_letters(uuid[], jsonb, uuid, boolean, integer) is 'Failed messages that fit ids and filter.';

-- 76_dead_letters/email_queue_dead_letters.sql
create function public.email_queue_dead_letters(p_filter jsonb default '{}', p_limit integer default 100, p_before uuid default null) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(to_jsonb(q) order by q.id desc), '[]'::jsonb) from public.email_queue as q
  where q.id = any (array(
    select d.id from email_queue_private.dead_letters(null, email_queue_private.check_filter(p_filter, false), p_before, true, p_limit) as d))
$$;
comment on function public.email_queue_dead_letters(jsonb, integer, uuid) is
  'Failed messages, newest first, at most 1000. p_filter: {type, reason, since, until, text, metadata}; p_before (an id) continues a page.';

-- 76_dead_letters/email_queue_discard.sql
create function public.email_queue_discard(
  p_ids uuid[] default null, p_filter jsonb default null, p_dry_run boolean default false, p_limit integer default 1000
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_filter jsonb := email_queue_private.check_filter(p_filter, true);
  v_ids uuid[];
begin
  if p_ids is null and p_filter is null then
    perform email_queue_private.refuse('ids', 'is missing: give ids, or a filter ({} for all dead letters)');
  end if;
  select coalesce(array_agg(m.id), array[]::uuid[]) into v_ids from (
    select m.id from email_queue_private.message as m
    where m.id = any (array(select d.id from email_queue_private.dead_letters(p_ids, v_filter, null, false, p_limit) as d))
      and m.status = 'failed'
    order by m.id for update
  ) as m;
  if not coalesce(p_dry_run, false) then
    delete from email_queue_private.body where id = any (v_ids);
    delete from email_queue_private.message where id = any (v_ids);
  end if;
  return jsonb_build_object('dry_run', coalesce(p_dry_run, false), 'discarded', to_jsonb(v_ids));
end
$$;
comment on function public.email_queue_discard(uuid[], jsonb, boolean, integer) is
  'Deletes dead letters for good, at most 1000 a call. Answers {dry_run, discarded: [id]}.';

-- 76_dead_letters/email_queue_redrive.sql
-- Attempts start again, in a new dispatch with a new key. A send_before that has passed is dropped: a redrive wants
-- it sent. Messages that are asked for by id and are no dead letters are named with what they are.
-- p_from is the sender of the e-mails from now on: theirs was refused, for instance. A payload never changes otherwise, and a
-- dead letter that is redriven is a new message's equal: no request with the old payload will leave any more.
create function public.email_queue_redrive(
  p_ids uuid[] default null, p_filter jsonb default null, p_dry_run boolean default false,
  p_allow_duplicates boolean default false, p_limit integer default 1000, p_from text default null
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_filter jsonb := email_queue_private.check_filter(p_filter, true);
  v_fault text := (email_queue_private.sender_fault(to_jsonb(p_from))).message;
  v_message email_queue_private.message;
  v_payload jsonb;
  v_obstacle text;
  v_redriven uuid[] := array[]::uuid[];
  v_refused jsonb[] := array[]::jsonb[];
begin
  if p_ids is null and p_filter is null then
    perform email_queue_private.refuse('ids', 'is missing: give ids, or a filter ({} for all dead letters)');
  end if;
  if p_from is not null and v_fault is not null then
    perform email_queue_private.refuse('from', v_fault);
  end if;
  for v_message in
    select m.* from email_queue_private.message as m
    where m.id = any (array(select d.id from email_queue_private.dead_letters(p_ids, v_filter, null, false, p_limit) as d))
      and m.status = 'failed'
    order by m.id for update
  loop
    v_payload := (select b.payload from email_queue_private.body as b where b.id = v_message.id);
    if v_message.type = 'email' and p_from is not null then
      v_payload := v_payload || jsonb_build_object('from', p_from);
    end if;
    v_obstacle := email_queue_private.redrive_obstacle(v_message, v_payload, p_allow_duplicates);
    if v_obstacle is not null then
      v_refused := v_refused || jsonb_build_object('id', v_message.id, 'reason', v_obstacle);
      continue;
    end if;
    v_redriven := v_redriven || v_message.id;
    if not coalesce(p_dry_run, false) then
      if v_message.type = 'email' and p_from is not null then
        v_message.bytes := octet_length(v_payload::text);
        delete from email_queue_private.body as b where b.id = v_message.id;
        insert into email_queue_private.body (id, payload) values (v_message.id, v_payload);
      end if;
      insert into email_queue_private.ready (id, run_at, entered_at, send_before, bytes, priority, max_attempts, type, lane, errors)
      values (v_message.id, clock_timestamp(), clock_timestamp(),
        case when v_message.send_before > clock_timestamp() then v_message.send_before end, v_message.bytes, v_message.priority,
        v_message.max_attempts, v_message.type,
        case when v_message.type = 'email' then email_queue_private.check_email(v_payload) else 'single:' end, v_message.errors);
      update email_queue_private.message as m
      set status = null, reason = null, completed_at = null, attempts = null, dispatch_id = null, errors = null, bytes = v_message.bytes,
        send_before = case when m.send_before > clock_timestamp() then m.send_before end
      where m.id = v_message.id;
    end if;
  end loop;
  select v_refused || coalesce(array_agg(jsonb_build_object('id', a.id, 'reason', case
      when q.id is null then 'there is no such message'
      when q.status = 'failed' then 'it does not fit the filter'
      else format('it is %s, not failed', q.status) end)), array[]::jsonb[]) into v_refused
  from unnest(p_ids) as a(id) left join public.email_queue as q on q.id = a.id
  where a.id <> all (v_redriven) and not exists (select 1 from unnest(v_refused) as r where (r ->> 'id')::uuid = a.id);
  return jsonb_build_object('dry_run', coalesce(p_dry_run, false), 'redriven', to_jsonb(v_redriven), 'refused', to_jsonb(v_refused));
end
$$;
comment on function public.email_queue_redrive(uuid[], jsonb, boolean, boolean, integer, text) is
  'Puts dead letters back to be sent, at most 1000 a call; p_from gives the e-mails another sender. Answers {dry_run, redriven: [id], refused: [{id, reason}]}.';

-- 76_dead_letters/redrive_obstacle.sql
-- Why a dead letter may not be sent again, or null; in words for SQL and for JavaScript, whose arguments have other names. p_payload is what would be sent.
create function email_queue_private.redrive_obstacle(p_message email_queue_private.message, p_payload jsonb, p_allow_duplicates boolean) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_message.reason = 'unknown_outcome' and not coalesce(p_allow_duplicates, false)
      then 'it may have been sent: redrive it with duplicates allowed'
    when p_payload is null then 'its payload was erased'
    when p_message.type = 'email' and (email_queue_private.sender_fault(p_payload -> 'from')).message is not null
      then 'its sender is refused: redrive it with another one'
  end;
end
$$;
comment on function email_queue_private.redrive_obstacle(email_queue_private.message, jsonb, boolean) is 'Why a dead letter may not be sent again; null where it may.';

-- 77_cancel/email_queue_cancel.sql
create function public.email_queue_cancel(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_ready email_queue_private.ready;
begin
  delete from email_queue_private.ready as r where r.id = p_id returning r.* into v_ready;
  if not found then
    return jsonb_build_object('id', p_id) || email_queue_private.not_waiting(p_id);
  end if;
  update email_queue_private.message as m
  set status = 'cancelled', reason = 'cancelled', completed_at = clock_timestamp(), attempts = v_ready.attempts, errors = v_ready.errors
  where m.id = p_id;
  return jsonb_build_object('id', p_id, 'result', 'cancelled');
end
$$;
comment on function public.email_queue_cancel(uuid) is
  'Cancels a message that waits. Answers {id, result: cancelled}, or what it is instead (processing, completed, failed, not_found) with the reason.';

-- 77_cancel/email_queue_erase.sql
create function public.email_queue_erase(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_status text;
begin
  select m.status into v_status from email_queue_private.message as m where m.id = p_id for update;
  if v_status is null then
    if exists (select 1 from email_queue_private.ready as r where r.id = p_id) then
      return jsonb_build_object('id', p_id, 'result', 'pending', 'reason', 'it waits to be sent: cancel it first');
    end if;
    return jsonb_build_object('id', p_id) || email_queue_private.not_waiting(p_id);
  end if;
  delete from email_queue_private.body where id = p_id;
  update email_queue_private.message set metadata = null where id = p_id;
  return jsonb_build_object('id', p_id, 'result', 'erased');
end
$$;
comment on function public.email_queue_erase(uuid) is
  'Erases payload and metadata of a message that has ended; refused with the reason while it is open. Answers {id, result, reason?}.';

-- 77_cancel/not_waiting.sql
-- Cancel and erase. What is in a dispatch may be on its way, or may have been sent: it is refused with the reason.

-- What a message that is not in ready is, as {result, reason}. A lease that is over is nobody's.
create function email_queue_private.not_waiting(p_id uuid) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select case
      when m.status is not null then jsonb_build_object('result', m.status, 'reason', format('it is %s already', m.status))
      else jsonb_build_object('result', 'processing', 'reason', case
        when d.frozen then 'it may have been sent: it waits for its replay'
        when d.token is not null and d.visible_at > clock_timestamp() then 'a worker has it'
        when d.type <> 'email' then 'its consumer''s lease is over: cancel it after the next dequeue, which puts it back'
        when d.begun then 'its worker''s lease is over, and it may have been sent: it waits for its replay'
        else 'its worker''s lease is over, and it was not sent: the next run takes it over'
      end || case when d.type = 'email' and (d.token is null or d.visible_at <= clock_timestamp())
          and (b.paused_at is not null and coalesce(b.paused_until > clock_timestamp(), true) or email_queue_private.is_paused(d.lane)
            or email_queue_private.copy_pause() is not null)
        then ', not before the pause ends' else '' end)
    end
    from email_queue_private.budget_now() as b cross join email_queue_private.message as m
    left join email_queue_private.dispatch as d on d.settled_at is null and m.id = any (d.message_ids)
    where m.id = p_id), jsonb_build_object('result', 'not_found', 'reason', 'there is no such message'))
$$;
comment on function email_queue_private.not_waiting(uuid) is 'Why a message cannot be taken out of the queue.';

-- 78_retention/email_queue_prune.sql
-- Retention: messages that have ended are deleted after a time, their payloads perhaps earlier.

create function public.email_queue_prune(p_limit integer default 1000) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_setting email_queue_private.setting;
  v_after uuid;
  v_read uuid[];
  v_old uuid[];
  v_bare uuid[];
  v_erased bigint;
  v_limit integer := least(greatest(coalesce(p_limit, 1000), 1), 10000);
  v_until uuid;
begin
  v_setting := email_queue_private.settings();
  -- No message ended before its id was made, so younger ids need not be read.
  v_until := email_queue_private.first_id(clock_timestamp() - least(v_setting.completed_retention, v_setting.failed_retention,
    v_setting.payload_retention));
  -- Two prunes at once would read the same rows: the second has nothing to do.
  insert into email_queue_private.prune_cursor default values on conflict do nothing;
  select c.after into v_after from email_queue_private.prune_cursor as c for update skip locked;
  if not found then
    return jsonb_build_object('deleted', 0, 'erased', 0, 'more', true);
  end if;
  select array_agg(m.id order by m.id),
    array_agg(m.id) filter (where m.completed_at < clock_timestamp()
      - case when m.status = 'completed' then v_setting.completed_retention else v_setting.failed_retention end),
    array_agg(m.id) filter (where m.status = 'completed' and m.completed_at < clock_timestamp() - v_setting.payload_retention)
  into v_read, v_old, v_bare
  from (select * from email_queue_private.message as m where m.id > v_after and m.id < v_until order by m.id limit v_limit) as m;

  -- Locked, and looked at again: a redrive may have come between.
  select array_agg(m.id) into v_old from (
    select m.id from email_queue_private.message as m
    where m.id = any (v_old) and m.completed_at < clock_timestamp() - least(v_setting.completed_retention, v_setting.failed_retention)
    order by m.id for update skip locked) as m;
  delete from email_queue_private.body as b where b.id = any (v_bare) and (v_old is null or b.id <> all (v_old));
  get diagnostics v_erased = row_count;
  delete from email_queue_private.body as b where b.id = any (v_old);
  delete from email_queue_private.message as m where m.id = any (v_old);
  -- At the end, or at ids too young for anything, it starts again from the first.
  update email_queue_private.prune_cursor
  set after = case when coalesce(cardinality(v_read), 0) < v_limit then '00000000-0000-0000-0000-000000000000'::uuid else v_read[v_limit] end
  where singleton;
  return jsonb_build_object('deleted', coalesce(cardinality(v_old), 0), 'erased', v_erased, 'more', coalesce(cardinality(v_read), 0) = v_limit);
end
$$;
comment on function public.email_queue_prune(integer) is
  'Looks at the next p_limit messages, deletes those past their retention and erases payloads past theirs. Answers {deleted, erased, more}: call it again while more is true.';

-- 80_call/call_function.sql
-- What starts the function: pg_cron calls it through pg_net, with its address and secret from Vault. These extensions are
-- optional: what needs one looks for it when it is called, and names what is missing. Everything about them is dynamic.

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

-- 80_call/email_queue_call.sql
create function public.email_queue_call(p_cause text default 'hand') returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
begin
  perform email_queue_private.check_caller();
  if p_cause is null or p_cause not in ('schedule', 'wake', 'hand') then
    perform email_queue_private.refuse('cause', 'must be schedule, wake or hand');
  end if;
  delete from email_queue_private.call where request_id in (
    select c.request_id from email_queue_private.call as c where c.called_at < clock_timestamp() - interval '6 hours' order by c.called_at limit 100);
  if p_cause = 'schedule' and email_queue_private.is_listened_to() then
    return jsonb_build_object('request_id', null, 'listening', true);
  end if;
  return jsonb_build_object('request_id', email_queue_private.call_function(p_cause));
end
$$;
comment on function public.email_queue_call(text) is 'Starts a run of the function through pg_net, as the schedule does. email_queue_doctor shows the outcome.';

-- 80_call/email_queue_connect.sql
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
  return jsonb_build_object('extensions', v_extensions, 'changed', v_url <> 'kept' or v_secret <> 'kept', 'grants_mended', v_grants,
    'replaced', case when v_old <> email_queue_private.identity_address(p_url) then v_old end,
    'unreadable', array_remove(array[case when v_url = 'unreadable' then 'email_queue_url' end, case when v_secret = 'unreadable' then 'email_queue_secret' end], null));
end
$$;
comment on function public.email_queue_connect(text, text) is
  'Stores the function''s address and secret in Vault, puts the grants right where they are not, and, where no function has sent from this database yet, lets the next one that asks. Answers {extensions, changed, grants_mended, replaced, unreadable}; replaced is another host that was stored before, unreadable names the secrets that could not be decrypted and were replaced.';

-- 80_call/extension_remedy.sql
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

-- 80_call/external.sql
-- The linter reads a query that stands in an execute, and would miss what is optional. It does not read through this.
create function email_queue_private.external(p_query text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p_query
$$;
comment on function email_queue_private.external(text) is 'A query of what an optional extension has.';

-- 80_call/has_extension.sql
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

-- 80_call/is_listened_to.sql
-- A run that died counts as listening only as long as it keeps enqueues quiet.
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

-- 80_call/missing.sql
create function email_queue_private.missing(p_what text, p_remedy text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = '55000', message = format('email_queue: %s is missing', p_what), hint = p_remedy;
end
$$;
comment on function email_queue_private.missing(text, text) is 'Raises 55000 with what is missing, and how to mend it as the hint.';

-- 80_call/need_extension.sql
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

-- 80_call/read_secret.sql
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

-- 80_call/store_secret.sql
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

-- 80_call/vault_secret.sql
create function email_queue_private.vault_secret(p_name text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_secret text;
  v_problem text;
  -- No statement with the secret in it: PostgreSQL's log, and the SQL editor, keep those.
  v_remedy text := 'supabase/functions/deploy.sh stores it. Otherwise call email_queue_connect with the address and the secret as parameters.';
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

-- 84_jobs/cron_line.sql
-- An interval as pg_cron writes it. A line of five fields is pg_cron's to check.
create function email_queue_private.cron_line(p_every text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_seconds numeric;
  v_line text;
begin
  if p_every ~ '^[[:space:]]*[0-9*/,A-Za-z-]+([[:space:]]+[0-9*/,A-Za-z$-]+){4}[[:space:]]*$' then
    return btrim(p_every);
  end if;
  begin
    v_seconds := extract(epoch from p_every::interval);
    v_line := case
      when v_seconds < 1 then null
      when v_seconds < 60 and v_seconds % 1 = 0 then v_seconds::integer || ' seconds'
      when v_seconds = 60 then '* * * * *'
      when v_seconds < 3600 and v_seconds % 60 = 0 and 3600 % v_seconds = 0 then format('*/%s * * * *', (v_seconds / 60)::integer)
      when v_seconds = 3600 then '0 * * * *'
      when v_seconds < 86400 and v_seconds % 3600 = 0 and 86400 % v_seconds = 0 then format('0 */%s * * *', (v_seconds / 3600)::integer)
      when v_seconds = 86400 then '0 0 * * *'
    end;
  exception when data_exception then
    null;
  end;
  if v_line is null then
    perform email_queue_private.refuse('every',
      'must be 1 to 59 seconds, minutes that divide an hour, hours that divide a day, or a cron line of five fields');
  end if;
  return v_line;
end
$$;
comment on function email_queue_private.cron_line(text) is 'An interval, or a cron line, as pg_cron takes it; or an error that names the field.';

-- 84_jobs/email_queue_schedule.sql
create function public.email_queue_schedule(p_every text default '10 seconds') returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_line text;
  v_job record;
  v_changed boolean := false;
begin
  perform email_queue_private.check_caller();
  v_line := email_queue_private.cron_line(p_every);
  perform email_queue_private.need_extension('pg_cron'), email_queue_private.need_extension('pg_net'),
    email_queue_private.vault_secret('email_queue_url'), email_queue_private.vault_secret('email_queue_secret');
  for v_job in select * from email_queue_private.jobs() loop
    v_changed := email_queue_private.ensure_job(v_job.name, case when v_job.line is null then v_line end, v_job.line, v_job.command) or v_changed;
  end loop;
  insert into email_queue_private.wiring default values on conflict do nothing;
  update email_queue_private.wiring
  set cron_line = v_line, scheduled_at = case when v_changed then clock_timestamp() else scheduled_at end
  where singleton and (v_changed or cron_line is distinct from v_line);
  return jsonb_build_object('schedule', v_line, 'changed', v_changed or found);
end
$$;
comment on function public.email_queue_schedule(text) is
  'Has pg_cron call the function every so often ("10 seconds", "5 minutes", or a cron line), and do retention. Answers {schedule, changed}.';

-- 84_jobs/email_queue_unschedule.sql
create function public.email_queue_unschedule() returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_name text;
  v_removed boolean := false;
begin
  perform email_queue_private.check_caller();
  if email_queue_private.has_extension('pg_cron') then
    for v_name in select j.name from email_queue_private.jobs() as j loop
      v_removed := email_queue_private.remove_job(v_name) or v_removed;
    end loop;
  end if;
  update email_queue_private.wiring set cron_line = null, scheduled_at = null where cron_line is not null;
  return jsonb_build_object('removed', v_removed);
end
$$;
comment on function public.email_queue_unschedule() is 'Removes the jobs of email_queue_schedule. Answers {removed}.';

-- 84_jobs/ensure_job.sql
-- Leaves a job that is as it should be, so that scheduling twice changes nothing, and keeps the present line of one that has
-- its own. A name is taken for each role by itself: another role's job is not ours.
create function email_queue_private.ensure_job(p_name text, p_line text, p_default text, p_command text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_present text;
  v_line text;
  v_as_it_should boolean;
begin
  execute email_queue_private.external('select j.schedule, j.active and j.command = $2 and j.database = current_database()
    from cron.job as j where j.jobname = $1 and j.username = current_user') into v_present, v_as_it_should using p_name, p_command;
  v_line := coalesce(p_line, v_present, p_default);
  if v_as_it_should and v_present = v_line then
    return false;
  end if;
  -- Scheduling by a name that is there would leave the job switched off where somebody did that.
  perform email_queue_private.remove_job(p_name);
  begin
    execute email_queue_private.external('select cron.schedule($1, $2, $3)') using p_name, v_line, p_command;
  exception when others then
    if sqlerrm not ilike '%invalid schedule%' then
      raise;
    end if;
    perform email_queue_private.refuse('every', format('pg_cron does not take "%s": %s%s', v_line, sqlerrm,
      case when v_line like '%seconds' then ' (pg_cron before 1.5 knows no seconds: use ''1 minute'')' else '' end));
  end;
  return true;
end
$$;
comment on function email_queue_private.ensure_job(text, text, text, text) is 'Schedules a job of pg_cron; false where it is there already.';

-- 84_jobs/jobs.sql
-- The jobs of pg_cron: calling the function, retention, and the log that pg_cron itself never empties.

-- line: null where the schedule's is to be.
create function email_queue_private.jobs() returns table (name text, line text, command text)
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  values ('email-queue-run', null, 'select public.email_queue_call(p_cause => ''schedule''::text)'),
    ('email-queue-retention', '7-59/10 * * * *', 'select email_queue_private.retain()'),
    ('email-queue-cron-log', '23 * * * *', 'select email_queue_private.prune_cron_log()')
$$;
comment on function email_queue_private.jobs() is 'Our jobs of pg_cron.';

-- 84_jobs/prune_cron_log.sql
create function email_queue_private.prune_cron_log() returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_deleted bigint;
begin
  -- Our own lines only: what others keep is theirs.
  execute email_queue_private.external('delete from cron.job_run_details as d where strpos(d.command, ''email_queue_'') > 0 and d.start_time < clock_timestamp() - interval ''1 day''');
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;
comment on function email_queue_private.prune_cron_log() is 'Deletes what pg_cron has logged of our jobs more than a day ago.';

-- 84_jobs/remove_job.sql
create function email_queue_private.remove_job(p_name text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_removed bigint;
begin
  -- By id: in old versions of pg_cron the name is of another type.
  execute email_queue_private.external('select count(cron.unschedule(j.jobid)) from cron.job as j where j.jobname = $1 and j.username = current_user')
    into v_removed using p_name;
  return v_removed > 0;
end
$$;
comment on function email_queue_private.remove_job(text) is 'Removes a job of pg_cron; false if the job does not exist.';

-- 84_jobs/retain.sql
-- Every ten minutes: what is past its time goes, and grants that were lost come back.
create function email_queue_private.retain() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.mend_grants();
  return public.email_queue_prune(p_limit => 10000);
end
$$;
comment on function email_queue_private.retain() is 'The retention job: prunes, and puts grants right.';

-- 88_wake/email_queue_wake.sql
create function public.email_queue_wake(p_on boolean default true, p_every interval default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_every_ms integer;
begin
  perform email_queue_private.check_caller();
  if p_on is null then
    perform email_queue_private.refuse('on', 'must be true or false');
  end if;
  if p_every is not null and p_every not between interval '100 milliseconds' and interval '1 hour' then
    perform email_queue_private.refuse('every', 'must be 100 milliseconds to 1 hour');
  end if;
  if p_on then
    perform email_queue_private.need_extension('pg_net'), email_queue_private.vault_secret('email_queue_url'),
      email_queue_private.vault_secret('email_queue_secret');
  end if;
  insert into email_queue_private.wiring default values on conflict do nothing;
  update email_queue_private.wiring set wake_every_ms = case when p_on then coalesce(extract(epoch from p_every) * 1000, wake_every_ms, 1000) end
  where singleton returning wake_every_ms into v_every_ms;
  perform setval('email_queue_private.next_wake', 0);
  return jsonb_build_object('on', p_on, 'every_ms', v_every_ms);
end
$$;
comment on function public.email_queue_wake(boolean, interval) is
  'Has an enqueue call the function at once, at most once in p_every (1 second unless given) over all sessions. Answers {on, every_ms}.';

-- 88_wake/note_wake.sql
-- lock_timeout: where somebody has locked a table of ours there is no wake-up, and no wait.
create function email_queue_private.note_wake(p_now bigint) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '10ms'
as $$
begin
  if (email_queue_private.wiring_now()).wake_every_ms is null then
    -- Off: enqueues need not look again for a second. Switching it on sets it back.
    perform setval('email_queue_private.next_wake', p_now + 1000);
  else
    insert into email_queue_private.waking (xact) values (pg_current_xact_id()) on conflict do nothing;
  end if;
exception when others then
  -- No enqueue fails for a wake-up: the schedule finds the message, and the doctor says what is wrong.
  null;
end
$$;
comment on function email_queue_private.note_wake(bigint) is 'Has the commit of this transaction see to the wake-up. Waits for nothing and fails nothing.';

-- 88_wake/send_wake.sql
create function email_queue_private.send_wake() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '10ms'
as $$
begin
  begin
    delete from email_queue_private.waking where xact = new.xact;
    if email_queue_private.take_wake() then
      perform email_queue_private.call_function('wake');
    end if;
  exception when query_canceled or others then
    begin
      delete from email_queue_private.waking where xact = new.xact;
    exception when query_canceled or others then
      null;
    end;
  end;
  return null;
end
$$;
comment on function email_queue_private.send_wake() is 'At the commit: calls the function, at most once in wake_every_ms over all sessions. Waits for nothing and fails nothing.';

create constraint trigger waking_is_decided_at_commit after insert on email_queue_private.waking
deferrable initially deferred for each row execute function email_queue_private.send_wake();
comment on trigger waking_is_decided_at_commit on email_queue_private.waking is 'Deferred: what rolls back wakes nobody.';

-- 88_wake/take_wake.sql
-- Of those that find it due at the same time, one gets the lock; nobody waits for it. The exception gives it back at
-- once, and the sequence keeps its value.
create function email_queue_private.take_wake() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint;
  v_every_ms integer := (email_queue_private.wiring_now()).wake_every_ms;
  v_mine boolean := false;
begin
  if v_every_ms is null then
    return false;
  end if;
  begin
    lock table email_queue_private.wake_lock in exclusive mode nowait;
    v_now := date_part('epoch', clock_timestamp()) * 1000;
    if exists (select from email_queue_private.next_wake as n where email_queue_private.wake_is_due(v_now, n.last_value)) then
      perform setval('email_queue_private.next_wake', v_now + v_every_ms);
      v_mine := true;
    end if;
    raise exception using errcode = 'EQ000', message = 'the lock is given back';
  exception when sqlstate 'EQ000' or lock_not_available then
    null;
  end;
  return v_mine;
end
$$;
comment on function email_queue_private.take_wake() is 'Whether the wake-up that is due is this session''s to send.';

-- 88_wake/wake.sql
-- Wake-up on enqueue: a hint, so that an e-mail need not wait for the schedule. Off until email_queue_wake switches it on,
-- which is a value (wiring.wake_every_ms): nothing that operators do locks a table that enqueues write to.
--
-- An insert that finds a wake-up due leaves one row for its transaction, and the wake-up is decided when that commits: what
-- is rolled back wakes nobody, and takes nobody else's wake-up.

-- With the owner's rights, as the next trigger: who enqueues may neither read Vault nor write here. Most inserts come here
-- and no further.
create function email_queue_private.wake() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint := date_part('epoch', clock_timestamp()) * 1000;
  -- Not a query of the sequence: as an expression it takes a fifth of the time.
  v_next bigint := coalesce(pg_sequence_last_value('email_queue_private.next_wake'), 0);
begin
  -- As wake_is_due, which takes longer to call.
  if v_next <= v_now or v_next > v_now + 7200000 then
    perform email_queue_private.note_wake(v_now);
  end if;
  return null;
end
$$;
comment on function email_queue_private.wake() is 'Where a wake-up is due: leaves a row for the commit.';

-- On message: retries insert into ready only.
create trigger message_wakes_the_function after insert on email_queue_private.message
for each statement execute function email_queue_private.wake();
comment on trigger message_wakes_the_function on email_queue_private.message is 'An enqueue wakes the function, where email_queue_wake says so.';

-- 88_wake/wake_is_due.sql
-- A time further off than twice the longest interval is of a clock that was set back.
create function email_queue_private.wake_is_due(p_now bigint, p_next bigint) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_next <= p_now or p_next > p_now + 7200000
$$;
comment on function email_queue_private.wake_is_due(bigint, bigint) is 'Whether the function may be woken, both times in milliseconds.';

-- 88_wake/wakes.sql
create function email_queue_private.wakes() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select (email_queue_private.wiring_now()).wake_every_ms is not null
$$;
comment on function email_queue_private.wakes() is 'Whether an enqueue wakes the function.';

-- 90_record/email_queue_version.sql
-- A literal, which each version's migration replaces: a dump of the schema alone carries it.
create function public.email_queue_version() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.check_caller();
  return '0.1.0';
end
$$;
comment on function public.email_queue_version() is 'The version of email-queue that this schema is of.';

-- 90_record/record_schema.sql
-- What the migrations made, so that the doctor finds what was changed by hand. A digest of each object, of what reads the
-- same in PostgreSQL 15 and 17. Each migration ends with a call of it, after apply_grants.

create procedure email_queue_private.record_schema()
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create or replace function email_queue_private.recorded_objects() returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp as $f$ select %L::jsonb $f$',
    (select jsonb_object_agg(o.name, o.digest) from email_queue_private.schema_objects() as o));
end
$$;
comment on procedure email_queue_private.record_schema() is 'Takes what is there now as what should be. Ends each migration, after apply_grants.';

-- 90_record/recorded_objects.sql
-- A literal of a function, not rows: a dump of the schema alone carries it, and a dump of the data does not.
create function email_queue_private.recorded_objects() returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select '{}'::jsonb
$$;
comment on function email_queue_private.recorded_objects() is 'What the last migration left: {kind and name: digest of the definition}. record_schema writes it anew.';

-- 90_record/schema_objects.sql
-- The styles are pinned because definitions are written out in those of the session.
create function email_queue_private.schema_objects() returns table (name text, digest text)
language sql stable set search_path = pg_catalog, pg_temp set intervalstyle = postgres set datestyle = 'ISO, YMD' set quote_all_identifiers = off
as $$
  select o.name, md5(o.definition) from (
    select 'function ' || p.oid::regprocedure, concat_ws('|', p.prosrc, p.prosecdef, p.provolatile, p.proconfig::text,
      pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))
    from email_queue_private.our_functions() as p where p.proname not in ('recorded_objects', 'made_extensions')
    union all
    select 'relation ' || c.oid::regclass, concat_ws('|', c.relkind, c.relrowsecurity, (
      select string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull), ',' order by a.attnum)
      from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))
    from email_queue_private.our_relations() as c
    union all
    -- Not whether a constraint is there for not null: PostgreSQL 18 has those as constraints.
    select 'constraint ' || k.conname, pg_get_constraintdef(k.oid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_constraint as k on k.conrelid = c.oid where k.contype not in ('n', 't')
    union all
    select 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_index as i on i.indrelid = c.oid
    union all
    -- Not whether it is enabled: that is a setting.
    select 'trigger ' || t.tgname, pg_get_triggerdef(t.oid)
    from email_queue_private.our_relations() as c join pg_catalog.pg_trigger as t on t.tgrelid = c.oid where not t.tgisinternal
  ) as o(name, definition)
$$;
comment on function email_queue_private.schema_objects() is 'What is there now, as recorded_objects() has what should be.';

-- 95_doctor/answer_finding.sql
create function email_queue_private.answer_finding(p_call text, p_status integer, p_timed_out boolean, p_error text, p_content text, p_data jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_deploy text := 'supabase/functions/deploy.sh';
  v_logs text := 'Look at the function''s logs (dashboard: Edge Functions)';
  v_answer jsonb;
  v_detail text;
  v_remedy text;
begin
  begin
    v_answer := p_content::jsonb;
  exception when others then
    v_answer := null;
  end;
  case
    when p_timed_out or p_error ilike '%time%out%' then
      v_detail := 'timed out: the function answers a call before it works, so it does not start';
      v_remedy := v_logs;
    when p_status is null then
      v_detail := format('did not reach the function at %s: %s', coalesce(email_queue_private.identity_address((email_queue_private.read_secret('email_queue_url')).secret), 'its address'),
        coalesce(left(p_error, 200), 'no reason given'));
      v_remedy := 'If that address is right, wait: the schedule calls again, and https://status.supabase.com says more. If it is wrong: ' || v_deploy;
    when p_status = 401 and v_answer ->> 'code' like 'UNAUTHORIZED%' then
      v_detail := 'was refused (401) before it came to the function: Supabase checks for a JWT (verify_jwt)';
      v_remedy := v_deploy;
    when p_status = 401 then
      v_detail := 'was refused (401): the secret in Vault is not the function''s';
      v_remedy := v_deploy;
    when p_status = 404 then
      v_detail := 'found no function (404): it is not deployed, or email_queue_url is wrong';
      v_remedy := v_deploy;
    when p_status in (200, 202) and v_answer ? 'runId' then
      v_detail := 'was accepted';
    when p_status = 503 and v_answer ->> 'code' = 'busy' then
      v_detail := 'came to an isolate that takes no more runs: the next call starts another one';
    when p_status between 200 and 399 then
      v_detail := format('was answered by something else than the function (%s)', p_status);
      v_remedy := v_deploy;
    else
      v_detail := format('was answered with %s', p_status) || coalesce(': ' || left(coalesce(v_answer ->> 'error', v_answer ->> 'message'), 200), '');
      v_remedy := case when v_answer ->> 'code' = 'misconfigured' then 'Put right in .env what it names; then: ' || v_deploy else v_logs end;
  end case;
  return email_queue_private.finding('answers', format('the call %s %s', p_call, v_detail), null, v_remedy, case when v_remedy is null then 'ok' else 'fail' end, p_data);
end
$$;
comment on function email_queue_private.answer_finding(text, integer, boolean, text, text, jsonb) is 'What an answer of the function''s, or its absence, means.';

-- 95_doctor/call_seconds.sql
-- How long mail may wait for the next call although all is well.
create function email_queue_private.call_seconds() returns integer
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when w.cron_line is null then 0 else coalesce(email_queue_private.cron_seconds(w.cron_line), 86400) end
  from email_queue_private.wiring_now() as w
$$;
comment on function email_queue_private.call_seconds() is 'Seconds between two calls of the schedule: a day where that is not plain to see, 0 without a schedule.';

-- 95_doctor/cron_seconds.sql
-- How many seconds lie between two runs of a line of cron; null where that is not plain to see.
create function email_queue_private.cron_seconds(p_line text) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_line ~ '^[0-9]+ seconds$' then split_part(p_line, ' ', 1)::integer
    when p_line = '* * * * *' then 60
    when p_line ~ '^([*]|[0-9]+-59)/[0-9]+ [*] [*] [*] [*]$' then substring(p_line from '/([0-9]+)')::integer * 60
    when p_line ~ '^[0-9]+ [*] [*] [*] [*]$' then 3600
    when p_line ~ '^[0-9]+ [*]/[0-9]+ [*] [*] [*]$' then substring(p_line from '/([0-9]+)')::integer * 3600
    when p_line ~ '^[0-9]+ [0-9]+ [*] [*] [*]$' then 86400
  end
$$;
comment on function email_queue_private.cron_seconds(text) is 'Seconds between two runs of a schedule, where that is plain to see.';

-- 95_doctor/doctor_answers.sql
-- The doctor, of the calls: what pg_net does with them, what the function answered, how the runs ended. pg_net's tables are
-- empty after a crash, and its ids begin at 1 again; its answers are kept for pg_net.ttl, or until somebody deletes them.
-- So an answer that is not there says nothing, and what came before the crash is not looked at.

create function email_queue_private.doctor_answers() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_waiting timestamptz;
  v_queued bigint;
  v_patience interval;
  v_works boolean;
  v_id bigint;
  v_call text;
  v_status integer;
  v_timed_out boolean;
  v_error text;
  v_content text;
begin
  perform email_queue_private.check_caller();
  if not email_queue_private.has_extension('pg_net') or pg_is_in_recovery() then
    return;
  end if;
  -- It takes a batch of requests, and the next when the slowest of it has ended: anybody's.
  execute email_queue_private.external('select count(*), greatest(interval ''2 minutes'', least(2 * max(q.timeout_milliseconds), 900000) * interval ''1 millisecond'') from net.http_request_queue as q')
    into v_queued, v_patience;
  -- With our header: after a crash others' requests may have the ids of our calls.
  execute email_queue_private.external('select min(c.called_at) from net.http_request_queue as q join email_queue_private.call as c on c.request_id = q.id
    where q.headers ? ''X-Email-Queue-Cause'' and c.called_at < statement_timestamp() - $1') into v_waiting using v_patience;
  if v_waiting is not null then
    execute email_queue_private.external('select exists (select from net._http_response as r where r.created > statement_timestamp() - $1)') into v_works using v_patience;
    return next case
      when v_works then email_queue_private.finding('answers', format('pg_net is busy: a call of %s waits among %s requests', v_waiting, v_queued), null,
        'Nothing to do for this queue: pg_net has one worker for all of the project, and others'' requests hold it up (net.http_request_queue)', 'warn')
      else email_queue_private.finding('answers', format('pg_net has taken no request since %s', v_waiting), null,
        case when to_regprocedure('net.worker_restart()') is null then 'Its worker has stopped, and this version of pg_net cannot restart it alone. Restart the database (dashboard: Project Settings, General)'
          else 'Its worker has stopped. If this does not help within a minute, restart the database: select net.worker_restart();' end) end;
    return;
  end if;
  execute email_queue_private.external('select c.request_id, format(''of %s (%s)'', c.called_at, c.cause), r.status_code, r.timed_out, r.error_msg, left(r.content, 2000)
    from email_queue_private.call as c join net._http_response as r on r.id = c.request_id and r.created >= c.called_at - interval ''1 minute''
    where c.called_at >= $1 order by c.called_at desc, c.request_id desc limit 1') into v_id, v_call, v_status, v_timed_out, v_error, v_content
  using email_queue_private.server_started();
  return next case when v_id is null then email_queue_private.finding('answers', null, 'no answer to a call is kept')
    else email_queue_private.answer_finding(v_call, v_status, v_timed_out, v_error, v_content, jsonb_build_object('request_id', v_id)) end;
end
$$;
comment on function email_queue_private.doctor_answers() is 'What pg_net does with the calls, and got from the function.';

-- 95_doctor/doctor_consumers.sql
-- Of a custom type. Dispatches are kept for a day.
create function email_queue_private.doctor_consumers() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_types text;
begin
  select string_agg(format('%s (%s, the oldest for %s seconds)', t.key, t.value ->> 'pending', t.value ->> 'oldest_due_seconds'), ', ' order by t.key) into v_types
  from jsonb_each(public.email_queue_stats() -> 'types') as t
  where t.key <> 'email' and (t.value ->> 'oldest_due_seconds')::numeric > 300
    and not exists (select 1 from email_queue_private.dispatch as d where d.type = t.key);
  return next email_queue_private.finding('consumers', 'nothing has dequeued these types in a day: ' || v_types, 'no other type waits in vain',
    'Start the consumer of these types (email_queue_dequeue). Where a type is mistyped, enqueue its messages again under the right one and cancel these (email_queue_cancel).', 'warn');
end
$$;
comment on function email_queue_private.doctor_consumers() is 'Types whose messages have no consumer.';

-- 95_doctor/doctor_identity.sql
-- The doctor, of whose queue this is: may the function send from this database, and does the database call that function?

create function email_queue_private.doctor_identity() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_pause jsonb := email_queue_private.copy_pause();
  v_owner text;
  v_moved boolean;
  v_refused email_queue_private.identity;
  v_reported text;
  v_called text;
  v_calls boolean := email_queue_private.wakes() or (email_queue_private.wiring_now()).cron_line is not null;
  v_other boolean;
  v_adopt text := 'select email_queue_adopt();';
begin
  perform email_queue_private.check_caller();
  select string_agg(distinct i.address, ', '), bool_or(i.server <> email_queue_private.this_server() and not email_queue_private.is_local_address(i.address))
  into v_owner, v_moved from email_queue_private.identity as i where i.kind = 'recorded';
  select * into v_refused from email_queue_private.identity as i where i.kind = 'refused' order by i.seen_at desc limit 1;
  return next case
    when v_pause is not null then email_queue_private.finding('identity', v_pause ->> 'reason', null,
      'A copy that is to send nothing stays as it is. If this database may send what waits in it: ' || v_adopt)
    when v_refused.seen_at > statement_timestamp() - interval '1 day' then email_queue_private.finding('identity',
      format('the queue of %s; the function of %s asked at %s and was refused', v_owner, v_refused.address, v_refused.seen_at), null,
      format('Stop that function. If %s is this project''s new address: %s', v_refused.address, v_adopt), 'warn')
    when v_moved then email_queue_private.finding('identity', format('the queue of %s, on another server than before', v_owner), null,
      'After a major upgrade or a restore in place all is well; to end the warning: ' || v_adopt, 'warn')
    else email_queue_private.finding('identity', null, coalesce('the queue of ' || v_owner, 'no function has asked yet')) end;

  select i.address into v_reported from email_queue_private.identity as i where i.kind <> 'adopt' order by i.seen_at desc limit 1;
  if email_queue_private.has_extension('supabase_vault') then
    v_called := email_queue_private.identity_address((email_queue_private.read_secret('email_queue_url')).secret);
  end if;
  if v_called is null then
    return;
  end if;
  v_other := v_calls and email_queue_private.is_other_project(v_called, v_reported);
  return next email_queue_private.finding('function address',
    case when v_other then format('this database calls the function of %s, and its own is that of %s: no call gets there. The other one works on its own database, which these calls only wake', v_called, v_reported)
      end, 'this database calls ' || v_called,
    'If it is to call nothing: select email_queue_unschedule(), email_queue_wake(false); To have it call its own: supabase/functions/deploy.sh', 'fail', jsonb_build_object('host', v_called, 'calls', v_calls));
end
$$;
comment on function email_queue_private.doctor_identity() is 'Whose queue this is, and whose function it calls.';

-- 95_doctor/doctor_job.sql
-- The doctor, of the schedule: the jobs of pg_cron and their last runs.

create function email_queue_private.doctor_job() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job record;
  v_other_id bigint;
  v_other_name text;
  v_other_owner text;
  v_other_command text;
  v_id bigint;
  v_line text;
  v_fault text;
  v_last timestamptz;
  v_status text;
  v_message text;
  v_called timestamptz := (select max(c.called_at) from email_queue_private.call as c);
  v_since timestamptz;
  v_late interval;
  v_schedule text;
begin
  perform email_queue_private.check_caller();
  if not email_queue_private.has_extension('pg_cron') then
    return;
  end if;
  for v_other_id, v_other_name, v_other_owner, v_other_command in execute email_queue_private.external('select j.jobid, j.jobname, j.username, j.command from cron.job as j
    where j.active and j.username <> current_user and exists (select from email_queue_private.jobs() as o
      where o.name = j.jobname or strpos(j.command, substring(o.command from ''email_queue_[a-z_.]+'')) > 0) order by j.jobid') loop
    return next email_queue_private.finding('other job', format('the role %s has a cron job %s of its own (%s)',
      v_other_owner, v_other_name, left(v_other_command, 200)), null, format('As the role %s: select cron.unschedule(%s);', v_other_owner, v_other_id), 'warn');
  end loop;
  select * into v_id, v_line, v_fault from email_queue_private.job_fault('email-queue-run');
  v_schedule := email_queue_private.schedule_remedy(v_line);
  if v_fault is not null then
    return next email_queue_private.finding('cron job', format('the cron job email-queue-run %s: nothing calls the function', v_fault), null,
      case when email_queue_private.parts_remedy() like '%.sh' then email_queue_private.parts_remedy() else v_schedule end);
    return;
  end if;
  return next email_queue_private.finding('cron job', null, v_line);

  execute email_queue_private.external('select d.start_time, d.status, d.return_message from cron.job_run_details as d where d.jobid = $1 order by d.runid desc limit 1')
    into v_last, v_status, v_message using v_id;
  -- pg_cron's log may have been emptied, or be off; and while the database was down nothing was due.
  v_since := greatest((email_queue_private.wiring_now()).scheduled_at, v_last, v_called, email_queue_private.server_started());
  v_late := greatest(3 * email_queue_private.cron_seconds(v_line), case when email_queue_private.cron_seconds(v_line) is not null then 120 end) * interval '1 second';
  return next case
    when v_since < statement_timestamp() - v_late and coalesce(current_setting('cron.log_run', true), 'on') = 'on' then
      email_queue_private.finding('cron runs', format('pg_cron has not run the job since %s', v_since), null,
        'Its scheduler has stopped. Restart the database (dashboard: Project Settings, General). On a server of your own: shared_preload_libraries and cron.database_name')
    when v_status = 'failed' and v_message ~ 'ERROR' and v_called > v_last then
      email_queue_private.finding('cron runs', null, format('the last run failed (%s), and a call since then went well', left(v_message, 300)))
    when v_status = 'failed' and email_queue_private.failure_remedy(v_message) is not null then
      email_queue_private.finding('cron runs', 'the last run failed: ' || left(v_message, 300), null, email_queue_private.failure_remedy(v_message))
    when v_last is null then email_queue_private.finding('cron runs', null, 'none is due yet')
    else email_queue_private.finding('cron runs', null, format('the last began at %s', v_last)) end;

  for v_job in select * from email_queue_private.jobs() as j where j.line is not null loop
    select * into v_id, v_line, v_fault from email_queue_private.job_fault(v_job.name);
    return next email_queue_private.finding(replace(v_job.name, 'email-queue-', 'cron job '),
      'the cron job ' || v_job.name || ' ' || v_fault || case v_job.name when 'email-queue-retention' then ': nothing is deleted after its time'
        else ': pg_cron''s log of these jobs grows' end, v_line, v_schedule, 'warn');
  end loop;
end
$$;
comment on function email_queue_private.doctor_job() is 'The jobs of pg_cron, and the last run of the one that calls the function.';

-- 95_doctor/doctor_parts.sql
-- The doctor, of what the queue is made of beside its schema: extensions, secrets, single rows.

create function email_queue_private.doctor_parts() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_found boolean;
  v_secret text;
  v_problem text;
  v_lost text;
begin
  perform email_queue_private.check_caller();
  foreach v_name in array array['pg_cron', 'pg_net', 'supabase_vault'] loop
    v_found := email_queue_private.has_extension(v_name);
    return next email_queue_private.finding(v_name, case when not v_found then format('the extension %s is missing', v_name)
        || coalesce(' (at installation: ' || nullif(email_queue_private.made_extensions()->>v_name, 'created') || ')', '') end, 'present',
      email_queue_private.extension_remedy(v_name));
  end loop;
  if not v_found then
    return;
  end if;
  foreach v_name in array array['email_queue_url', 'email_queue_secret'] loop
    select s.secret, s.problem into v_secret, v_problem from email_queue_private.read_secret(v_name) as s;
    return next email_queue_private.finding('vault ' || v_name,
      case when v_problem is not null then format('the Vault secret %s cannot be decrypted (%s): it was stored with another key, as in a restored database. It is replaced', v_name, v_problem)
        when coalesce(v_secret, '') = '' then format('the Vault secret %s is missing', v_name) end, 'present', 'supabase/functions/deploy.sh');
  end loop;
  -- Connecting writes both: before it, none is missing.
  if (email_queue_private.read_secret('email_queue_url')).id is not null then
    v_lost := concat_ws(' and ',
      case when not exists (select from email_queue_private.setting as s) then 'the settings (email_queue_configure)' end,
      case when not exists (select from email_queue_private.wiring as w) then 'the interval of wake-ups (email_queue_wake)' end);
  end if;
  return next email_queue_private.finding('rows',
    case when v_lost <> '' then format('%s are gone, as after a dump of the schema alone: the defaults count', v_lost) end, 'as they should be',
    'Stores what .env says; what was set otherwise is to be set again: supabase/functions/deploy.sh', 'warn');
end
$$;
comment on function email_queue_private.doctor_parts() is 'Extensions, secrets and single rows.';

-- 95_doctor/doctor_queue.sql
-- The doctor, of the queue: what waits, what stands in the way, and the settings around it. What waits is judged by whether it
-- goes on, and by how often the schedule calls.

create function email_queue_private.doctor_queue() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting;
  v_budget email_queue_private.budget;
  v_domain email_queue_private.paused_domain;
  v_stats jsonb := public.email_queue_stats();
  v_due numeric := coalesce((v_stats #>> '{types,email,oldest_due_seconds}')::numeric, 0);
  v_call_seconds integer := email_queue_private.call_seconds();
  v_goes_on boolean;
  v_expired bigint;
  v_type text;
  v_paused boolean;
  v_silent text;
begin
  v_setting := email_queue_private.settings();
  v_budget := email_queue_private.budget_now();
  v_paused := v_budget.paused_at is not null and coalesce(v_budget.paused_until > statement_timestamp(), true);
  return next email_queue_private.finding('pause',
    case when v_paused then format('the queue is paused%s: %s', ' until ' || v_budget.paused_until, v_budget.pause_reason) end, 'not paused',
    email_queue_private.pause_remedy(v_budget.pause_reason, v_budget.paused_until, null));
  for v_domain in select * from email_queue_private.paused_domain as p where p.paused_until is null or p.paused_until > statement_timestamp() order by p.domain loop
    return next email_queue_private.finding('paused domain', format('%s is paused%s: %s', v_domain.domain, ' until ' || v_domain.paused_until, v_domain.reason), null,
      email_queue_private.pause_remedy(v_domain.reason, v_domain.paused_until, v_domain.domain));
  end loop;
  -- Without mail that waits for an answer the row only says how it was.
  select string_agg(format('%s of %s', b.streak, b.scope), ', ' order by b.scope) into v_silent from email_queue_private.breaker as b
  where b.streak >= 3 and (b.next_at > statement_timestamp() or v_due > 0
    or exists (select from email_queue_private.dispatch as d where d.frozen and d.settled_at is null and d.type = 'email'));
  return next email_queue_private.finding('provider',
    'requests got no answer in a row (' || v_silent || '): one at a time probes', 'it answers',
    'Nothing to do: it goes on by itself when Resend answers (https://resend-status.com)');
  return next email_queue_private.finding('cooldown',
    case when v_budget.cooldown_until > statement_timestamp() then format('no request leaves before %s: %s', v_budget.cooldown_until, v_budget.cooldown_reason) end, 'none',
    'Nothing to do: it goes on by itself then. Sooner only after a larger plan with Resend: select email_queue_resume();',
    case when v_budget.cooldown_until > statement_timestamp() + interval '1 minute' then 'warn' else 'ok' end);
  -- A backlog takes its time. While it is worked off, its length says nothing.
  v_goes_on := exists (select from email_queue_private.dispatch as d where d.settled_at > statement_timestamp() - interval '2 minutes' and d.type = 'email');
  return next email_queue_private.finding('oldest message',
    case when v_due > 0 then format('the oldest due e-mail has waited %s seconds%s', v_due, case when v_goes_on then ', and mail is being sent' else '' end) end,
    'nothing waits that is due', 'The other findings say why. If none does, to start a run: select email_queue_call();',
    case when v_goes_on or v_due <= 300 + v_call_seconds then 'ok' when v_due > 900 + v_call_seconds then 'fail' else 'warn' end);
  for v_type, v_expired in
    select d.type, count(*) from email_queue_private.dispatch as d
    where d.token is not null and d.visible_at < statement_timestamp() - interval '2 minutes' - v_call_seconds * interval '1 second' group by d.type
    union all
    select 'email', 0 where not exists (select from email_queue_private.dispatch as d where d.type = 'email' and d.token is not null
      and d.visible_at < statement_timestamp() - interval '2 minutes' - v_call_seconds * interval '1 second')
  loop
    return next email_queue_private.finding('expired leases',
      case when v_expired = 0 then null when v_type = 'email' then format('%s dispatches have a lease that ran out, and no run has come to take them over', v_expired)
        else format('%s messages of type %s have a lease that ran out, and no consumer has come to take them over', v_expired, v_type) end, 'none',
      case when v_type = 'email' then 'select email_queue_call();' else 'Start the consumer of this type: its next dequeue takes them over' end);
  end loop;
  return next email_queue_private.finding('rate', null, format('%s requests a second at most%s', v_setting.rate_limit,
    '; the provider allows ' || trim_scale(v_budget.learned_limit) || case when v_budget.learned_limit < v_setting.rate_limit then ', which is kept to' else '' end));
end
$$;
comment on function email_queue_private.doctor_queue() is 'What waits, and what stands in the way.';

-- 95_doctor/doctor_runs.sql
-- A run sends its first call within seconds, and one that is under way a call at least every half a minute.
create function email_queue_private.doctor_runs() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_started timestamptz := email_queue_private.server_started();
  v_asked timestamptz;
  v_seen timestamptz;
  v_dead integer;
  v_all integer;
  v_run email_queue_private.run;
  v_limit text := 'Look at the function''s logs (dashboard: Edge Functions) for a limit: wall clock (EMAIL_QUEUE_WALL_SECONDS), CPU or memory';
begin
  perform email_queue_private.check_caller();
  v_asked := email_queue_private.run_asked_for();
  -- Of a run that was under way when the database went down, the end may not have been written.
  select max(greatest(r.last_seen_at, r.ended_at)),
    count(*) filter (where r.ended_at is null and r.last_seen_at between v_started and statement_timestamp() - interval '3 minutes' and r.started_at > statement_timestamp() - interval '1 hour'),
    count(*) filter (where r.started_at > statement_timestamp() - interval '1 hour')
  into v_seen, v_dead, v_all from email_queue_private.run as r;
  if v_asked > coalesce(v_seen, '-infinity') then
    return next email_queue_private.finding('runs', format('a run was asked for at %s and never started; %s', v_asked,
      coalesce('the last sign of one is of ' || v_seen, 'none ever has')), null, 'Look at the function''s logs (dashboard: Edge Functions): whether the call came, and why no run reached this database');
    return;
  end if;
  select * into v_run from email_queue_private.run as r
  where r.ended_at is not null or r.last_seen_at between v_started and statement_timestamp() - interval '3 minutes' order by r.started_at desc, r.id desc limit 1;
  return next case
    when v_run.id is null then email_queue_private.finding('runs', null, 'none has ended yet')
    when v_run.ended_at is null then email_queue_private.finding('runs', format('the run of %s (%s) never ended: the last sign of it is of %s; it was killed, and its leases end by themselves',
      v_run.started_at, v_run.cause, v_run.last_seen_at), null, v_limit)
    when v_run.stopped in ('misconfigured', 'unavailable') then email_queue_private.finding('runs', format('the run of %s (%s) ended as %s: %s',
      v_run.started_at, v_run.cause, v_run.stopped, coalesce(v_run.reason, 'the function''s log has the reason')), null, case v_run.stopped
        when 'misconfigured' then 'Put right in .env what the reason names (RESEND_API_KEY, a key of the project); then: supabase/functions/deploy.sh'
        else 'Nothing to do: the next run tries again. https://resend-status.com and https://status.supabase.com say more; to try now: select email_queue_call();' end)
    when v_dead > 0 then email_queue_private.finding('runs', format('%s of the %s runs of the last hour never ended: they were killed', v_dead, v_all), null, v_limit, 'warn')
    else email_queue_private.finding('runs', null, format('the last one ended at %s as %s', v_run.ended_at, v_run.stopped || coalesce(': ' || v_run.reason, ''))) end;
end
$$;
comment on function email_queue_private.doctor_runs() is 'How the requested runs ended.';

-- 95_doctor/doctor_schema.sql
create function email_queue_private.doctor_schema() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_drift text;
begin
  perform email_queue_private.check_caller();
  -- Which it should be, the command knows.
  return next email_queue_private.finding('version', null, public.email_queue_version());

  select string_agg(case when n.name is null then o.name || ' is gone' when o.name is null then n.name || ' is new' else o.name || ' was changed' end,
    ', ' order by coalesce(o.name, n.name)) into v_drift
  from jsonb_each_text(email_queue_private.recorded_objects()) as o(name, digest) full join email_queue_private.schema_objects() as n on n.name = o.name
  where n.digest is distinct from o.digest;
  return next email_queue_private.finding('schema', left(v_drift, 1000), 'as the migrations left it',
    'Undo what was changed by hand (the definitions are in supabase/migrations). If it was meant: call email_queue_private.record_schema();');
  return next email_queue_private.finding('grants', left(email_queue_private.wrong_grants(), 1000), 'only service_role',
    'call email_queue_private.apply_grants();');
end
$$;
comment on function email_queue_private.doctor_schema() is 'Version, drift, grants.';

-- 95_doctor/doctor_settings.sql
create function email_queue_private.doctor_settings() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender text := (email_queue_private.settings()).default_sender;
  v_role text;
  v_timeout text;
  v_max_rows text;
begin
  return next email_queue_private.finding('default sender', case when v_sender is null then 'none: an e-mail without "from" is refused at enqueue' end,
    '@' || email_queue_private.sender_domain(to_jsonb(v_sender)), 'Stores EMAIL_FROM: supabase/functions/deploy.sh', 'warn');
  return next email_queue_private.finding('wake-up', null, case when email_queue_private.wakes()
    then format('on: at most once in %s ms', (email_queue_private.wiring_now()).wake_every_ms) else 'off: mail waits for the schedule' end);
  -- PostgREST sets what the role has in all databases; else what it logged in with counts.
  select r.rolname, split_part(c.line, '=', 2) into v_role, v_timeout
  from pg_catalog.pg_db_role_setting as d join pg_catalog.pg_roles as r on r.oid = d.setrole cross join unnest(d.setconfig) as c(line)
  left join pg_catalog.pg_database as b on b.oid = d.setdatabase
  where starts_with(c.line, 'statement_timeout=')
    and (r.rolname = 'service_role' and d.setdatabase = 0 or r.rolname = 'authenticator' and (d.setdatabase = 0 or b.datname = current_database()))
  order by r.rolname = 'service_role' desc, d.setdatabase <> 0 desc limit 1;
  return next email_queue_private.finding('statement timeout', v_timeout || ' of the role ' || v_role, 'the server''s',
    'alter role service_role set statement_timeout = ''8s''; notify pgrst, ''reload config'';',
    -- A number alone is of milliseconds.
    case when (v_timeout || case when v_timeout ~ '^[0-9]+$' then 'ms' else '' end)::interval between interval '1 microsecond' and interval '4999 milliseconds' then 'warn' else 'ok' end);
  select split_part(c.line, '=', 2) into v_max_rows
  from pg_catalog.pg_db_role_setting as d join pg_catalog.pg_roles as r on r.oid = d.setrole cross join unnest(d.setconfig) as c(line)
  where r.rolname = 'authenticator' and starts_with(c.line, 'pgrst.db_max_rows=');
  return next email_queue_private.finding('max_rows', null, coalesce(v_max_rows || ': ', '')
    || 'it cuts what is read of the view email_queue over HTTP; no function of the queue, which each give one value');
end
$$;
comment on function email_queue_private.doctor_settings() is 'Settings of the queue and of the roles that use it.';

-- 95_doctor/doctor_writable.sql
-- PostgREST says that its transactions write; pg_cron's and the SQL editor's do what the setting says.
create function email_queue_private.doctor_writable() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_owner name := (select pg_get_userbyid(n.nspowner) from pg_catalog.pg_namespace as n where n.nspname = 'email_queue_private');
  v_role name;
  v_database name;
  v_on boolean;
begin
  if pg_is_in_recovery() then
    return next email_queue_private.finding('writable', 'this server is a read replica, or still recovering: nothing can be written here', null,
      'Ask the primary, at the database''s own address');
    return;
  end if;
  -- What a session of the owner gets: its own setting comes before the database''s, and that before the server''s.
  select r.rolname, d.datname, split_part(c.line, '=', 2)::boolean into v_role, v_database, v_on
  from pg_catalog.pg_db_role_setting as s cross join unnest(s.setconfig) as c(line)
  left join pg_catalog.pg_roles as r on r.oid = s.setrole left join pg_catalog.pg_database as d on d.oid = s.setdatabase
  where starts_with(c.line, 'default_transaction_read_only=') and (s.setrole = 0 or r.rolname = v_owner) and (s.setdatabase = 0 or d.datname = current_database())
  order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1;
  if v_on is null then
    select p.setting::boolean and p.source in ('default', 'configuration file', 'command line') into v_on
    from pg_catalog.pg_settings as p where p.name = 'default_transaction_read_only';
  end if;
  return next email_queue_private.finding('writable',
    case when not v_on then null
      when coalesce(v_role, v_database) is null then 'the server is read-only: neither pg_cron nor SQL can write. Supabase does this to a database whose disk is full'
      else format('default_transaction_read_only is on for %s: neither pg_cron nor SQL can write',
        concat_ws(' in ', 'the role ' || v_role, 'the database ' || v_database)) end, 'it takes writes',
    case when coalesce(v_role, v_database) is null
      then 'On Supabase: a larger disk, or less data (dashboard: Project Settings, Compute and Disk); it ends by itself. On a server of your own, as a superuser: alter system reset default_transaction_read_only; select pg_reload_conf();'
      else format('begin read write; alter %s reset default_transaction_read_only; commit;', case when v_role is null then format('database %I', v_database)
        else concat_ws(' in ', format('role %I', v_role), 'database ' || quote_ident(v_database)) end) end);
end
$$;
comment on function email_queue_private.doctor_writable() is 'Whether pg_cron and SQL can write.';

-- 95_doctor/email_queue_doctor.sql
-- The doctor: what is broken, and what mends it. Each check is a row of check, status (ok, warn, fail or skip), detail and
-- remedy. Where a command mends it, the remedy ends with it, after a colon, as it can be copied: it mends what the finding
-- names and changes nothing else (a test runs each). Where none can, the remedy says what to wait for or where to look.

create function public.email_queue_doctor() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
  select jsonb_agg(f order by p.n, f.n)
  from unnest(array['doctor_schema', 'doctor_writable', 'doctor_parts', 'doctor_identity', 'doctor_job', 'doctor_answers', 'doctor_runs', 'doctor_queue', 'doctor_consumers', 'doctor_settings']) with ordinality as p(part, n)
  cross join lateral jsonb_array_elements(email_queue_private.examine(p.part)) with ordinality as f(f, n)
$$;
comment on function public.email_queue_doctor() is
  'What is broken and what mends it: a list of {check, status: ok|warn|fail, detail, remedy}. As rows: select f.* from jsonb_to_recordset(email_queue_doctor()) as f("check" text, status text, detail text, remedy text).';

-- 95_doctor/examine.sql
-- A check that breaks is a finding, not the end of the others.
create function email_queue_private.examine(p_part text) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_findings jsonb;
begin
  execute format('select coalesce(jsonb_agg(f), ''[]'') from email_queue_private.%I() as f', p_part) into v_findings;
  return v_findings;
exception when others then
  return jsonb_build_array(email_queue_private.finding(p_part, format('this check broke: %s (%s)', sqlerrm, sqlstate), null,
    'To see more, as the owner of the schema: select email_queue_private.' || p_part || '();'));
end
$$;
comment on function email_queue_private.examine(text) is 'The findings of one part of the doctor.';

-- 95_doctor/failure_remedy.sql
-- What to do about a run that failed; null where what it missed is there by now.
create function email_queue_private.failure_remedy(p_message text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_message ~ 'email_queue: the (extension|Vault secret) ' then email_queue_private.parts_remedy()
    when p_message ~ 'read-only transaction' then 'After what is said under "writable": select email_queue_call();'
    when p_message ~ 'ERROR' then 'To see whether it still does, and if not, to end this: select email_queue_call();'
    else 'pg_cron could not run it, and tries again by itself. On a server of your own its log, cron.host, pg_hba.conf and max_connections say why' end
$$;
comment on function email_queue_private.failure_remedy(text) is 'What to do about a failed run of the job that calls the function.';

-- 95_doctor/finding.sql
-- p_found: what there is to say; where it is null all is well, and p_well is said.
create function email_queue_private.finding(
  p_check text, p_found text, p_well text default null, p_remedy text default null, p_status text default 'fail', p_data jsonb default null
) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('check', p_check, 'status', s.status, 'detail', coalesce(p_found, p_well),
    'remedy', case when s.status <> 'ok' then p_remedy end) || coalesce(jsonb_build_object('data', p_data), '{}')
  from (select case when p_found is null then 'ok' else p_status end) as s(status)
$$;
comment on function email_queue_private.finding(text, text, text, text, text, jsonb) is 'One row of the doctor''s.';

-- 95_doctor/is_other_project.sql
-- Where the function says what it is, and Vault where it is called, one of the two may be left from another project.
create function email_queue_private.is_other_project(p_called text, p_reported text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(case
    when p_called = 'localhost' then email_queue_private.project_ref(p_reported) is not null
    else email_queue_private.project_ref(p_called) <> coalesce(email_queue_private.project_ref(p_reported), case when p_reported = 'localhost' then '' end) end, false)
$$;
comment on function email_queue_private.is_other_project(text, text) is 'Whether two addresses are certainly of different projects.';

-- 95_doctor/job_fault.sql
-- What one of our jobs is like: null where it is as it should be.
create function email_queue_private.job_fault(p_name text, out id bigint, out line text, out fault text)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_active boolean;
  v_command text;
  v_database text;
begin
  execute email_queue_private.external('select j.jobid, j.schedule, j.active, j.command, j.database from cron.job as j where j.jobname = $1 and j.username = current_user')
    into id, line, v_active, v_command, v_database using p_name;
  fault := case
    when id is null then 'is missing'
    when not v_active then 'is switched off'
    when v_command is distinct from (select j.command from email_queue_private.jobs() as j where j.name = p_name) then 'runs something else'
    when v_database is distinct from current_database() then format('runs in the database %s', v_database) end;
end
$$;
comment on function email_queue_private.job_fault(text) is 'A job of ours: its id, its line, and what is wrong with it.';

-- 95_doctor/parts_remedy.sql
-- What to do about what is missing to call the function; null where nothing is.
create function email_queue_private.parts_remedy() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
begin
  foreach v_name in array array['supabase_vault', 'pg_net'] loop
    if not email_queue_private.has_extension(v_name) then
      return email_queue_private.extension_remedy(v_name);
    end if;
  end loop;
  foreach v_name in array array['email_queue_url', 'email_queue_secret'] loop
    if coalesce((email_queue_private.read_secret(v_name)).secret, '') = '' then
      return 'supabase/functions/deploy.sh';
    end if;
  end loop;
  return null;
end
$$;
comment on function email_queue_private.parts_remedy() is 'The remedy for the first part that is missing to call the function; null where none is.';

-- 95_doctor/pause_remedy.sql
-- What a pause waits for. What the provider said begins with its status; what an operator wrote does not.
create function email_queue_private.pause_remedy(p_reason text, p_until timestamptz, p_domain text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when p_until is not null then 'It ends by itself then. ' else '' end || case
    when p_reason !~ '^[45][0-9][0-9] ' then 'It was paused by hand. When it may go on: '
    when p_domain is not null then 'Verify the domain with Resend (https://resend.com/domains); then: '
    when p_reason like '429 %' then 'A quota of Resend''s plan is used up. When there is a larger plan, or a new month: '
    when p_reason ~ '^40[13] ' then 'Resend refuses the account or its key. When that is put right (a key: in .env, then deploy.sh): '
    else 'When what the reason names is put right: ' end
    || format('select email_queue_resume(%s);', case when p_domain is not null then quote_literal(p_domain) end)
$$;
comment on function email_queue_private.pause_remedy(text, timestamptz, text) is 'What a pause waits for, and what ends it.';

-- 95_doctor/project_ref.sql
-- The project of a hosted address; null for a custom domain, which may be any project's.
create function email_queue_private.project_ref(p_address text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select substring(p_address from '^([a-z0-9]{20})[.](?:functions[.])?supabase[.](?:co|in)$')
$$;
comment on function email_queue_private.project_ref(text) is 'The reference in the address of a hosted project; null in others.';

-- 95_doctor/run_asked_for.sql
-- When a run was asked for last that should have started by now: the call was accepted, as far as is known.
create function email_queue_private.run_asked_for() returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_asked timestamptz;
begin
  if email_queue_private.has_extension('pg_net') and not pg_is_in_recovery() then
    execute email_queue_private.external('select max(c.called_at) from email_queue_private.call as c
      left join net._http_response as r on r.id = c.request_id and r.created >= c.called_at - interval ''1 minute''
      where c.called_at >= $1 and c.called_at < statement_timestamp() - interval ''1 minute'' and coalesce(r.status_code in (200, 202), r.id is null)
        and not exists (select from net.http_request_queue as q where q.id = c.request_id and q.headers ? ''X-Email-Queue-Cause'')') into v_asked
    using email_queue_private.server_started();
  end if;
  return v_asked;
end
$$;
comment on function email_queue_private.run_asked_for() is 'When a run was asked for last that should have started by now.';

-- 95_doctor/schedule_remedy.sql
-- Scheduling as it is, or was, or by default.
create function email_queue_private.schedule_remedy(p_line text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_line text;
begin
  foreach v_line in array array_remove(array[p_line, (email_queue_private.wiring_now()).cron_line], null) loop
    begin
      return format('select email_queue_schedule(%L);', email_queue_private.cron_line(v_line));
    exception when invalid_parameter_value then
      continue; -- pg_cron takes more than we do.
    end;
  end loop;
  -- pg_cron before 1.5 knows no seconds.
  return format('select email_queue_schedule(%L);', case when exists (
    select from pg_catalog.pg_extension as e where e.extname = 'pg_cron' and e.extversion ~ '^(0|1[.][0-4])([^0-9]|$)') then '1 minute' else '10 seconds' end);
end
$$;
comment on function email_queue_private.schedule_remedy(text) is 'The call that schedules by a line, if it is given, else by the last one.';

-- 95_doctor/server_started.sql
-- After a crash too, of which the postmaster is the one process that outlives it.
create function email_queue_private.server_started() returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select greatest(pg_postmaster_start_time(), (select max(a.backend_start) from pg_catalog.pg_stat_activity as a where a.backend_type = 'checkpointer'))
$$;
comment on function email_queue_private.server_started() is 'When the database was started, or recovered from a crash, last.';

-- 97_uninstall/dependants.sql
-- What of others would break or go with an uninstall: what the catalogues know, what only the text of a function or a job says, and
-- what somebody has put on our tables. A function may name us in a comment only: better once too often than not at all.
create function email_queue_private.dependants() returns setof text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_names text := '(^|[^a-z0-9_])(email_queue|email_queue_private'
    || (select string_agg('|' || split_part(f, '(', 1), '') from unnest(email_queue_private.api()) as f) || ')([^a-z0-9_]|$)';
begin
  return query
  with relation as (
    select c.oid, c.reltype from email_queue_private.our_relations() as c
  ), ours as (
    select 'pg_class'::regclass as class, r.oid from relation as r
    union all select 'pg_type'::regclass, t.oid from relation as r join pg_type as t on t.oid = r.reltype or t.typelem = r.reltype where r.reltype <> 0
    union all select 'pg_type'::regclass, t.oid from pg_type as t where t.typnamespace = 'email_queue_private'::regnamespace
    union all select 'pg_class'::regclass, c.oid from pg_class as c where c.relnamespace = 'email_queue_private'::regnamespace
    union all select 'pg_proc'::regclass, p.oid from email_queue_private.our_functions() as p
    union all select 'pg_namespace'::regclass, 'email_queue_private'::regnamespace
  ), used as (
    select d.classid, d.objid, d.objsubid, coalesce(w.ev_class, g.tgrelid, nullif(k.conrelid, 0), l.polrelid, a.adrelid) as on_relation
    from pg_depend as d join ours as o on d.refclassid = o.class and d.refobjid = o.oid
    left join pg_rewrite as w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
    left join pg_trigger as g on d.classid = 'pg_trigger'::regclass and g.oid = d.objid
    left join pg_constraint as k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
    left join pg_policy as l on d.classid = 'pg_policy'::regclass and l.oid = d.objid
    left join pg_attrdef as a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
    where d.deptype in ('n', 'a')
  )
  select distinct case when u.classid = 'pg_rewrite'::regclass then pg_describe_object('pg_class'::regclass, u.on_relation, 0)
    else pg_describe_object(u.classid, u.objid, u.objsubid) end
  from used as u
  where not exists (select from ours as o where o.class = u.classid and o.oid = u.objid)
    and not exists (select from relation as r where r.oid = u.on_relation)
  union
  select pg_describe_object('pg_trigger'::regclass, t.oid, 0) from relation as r join pg_trigger as t on t.tgrelid = r.oid
  where not t.tgisinternal and not email_queue_private.recorded_objects() ? ('trigger ' || t.tgname)
  union
  select pg_describe_object('pg_policy'::regclass, l.oid, 0) from relation as r join pg_policy as l on l.polrelid = r.oid
  where l.polname <> 'service_role'
  union
  select pg_describe_object('pg_proc'::regclass, p.oid, 0) from pg_proc as p
  where p.prosrc ~* v_names and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    and not exists (select from ours as o where o.oid = p.oid)
    and not exists (select from pg_namespace as n where n.oid = p.pronamespace and n.nspname ~ '^pg_temp_');
  if to_regclass('cron.job') is not null then
    return query execute email_queue_private.external('select ''cron job '' || coalesce(j.jobname::text, j.jobid::text) from cron.job as j
      where j.command ~* $1 and not exists (select from email_queue_private.jobs() as o where o.name = j.jobname and j.username = current_user)') using v_names;
  end if;
end
$$;
comment on function email_queue_private.dependants() is 'What of others uses the queue, and would break or go with it.';

-- 99_extensions/extensions.sql
-- pg_cron and pg_net are created here, in the session of the migrations: Supabase lets nobody create an extension through the
-- API of some projects. Where it cannot be done, the notice says what is missing; any caller of the function can start it all the
-- same. pg_net goes into the schema extensions or nowhere: never into public. The result is kept, for the doctor, and so that an
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

call email_queue_private.apply_grants();
call email_queue_private.record_schema();
reset check_function_bodies;
notify pgrst, 'reload schema';
