-- Records what the migrations made, so that the doctor finds changes by hand: a digest of each object, over text that is the same in
-- PostgreSQL 15 and 17. Each migration ends with a call of it, after apply_grants.

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
