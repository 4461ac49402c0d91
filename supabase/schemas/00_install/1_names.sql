-- First of all: is a name taken that this schema needs? Then nothing is changed. The list of the functions is
-- made of their comments' signatures: email_queue_private.api() answers it, and grants are given and taken by it, never by a
-- pattern of names.
do $do$
declare
  v_api text[] := array[
    {{api}}
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
