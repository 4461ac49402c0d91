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
