-- Records what the migrations made, so that the doctor finds changes by hand: a digest of each object, over text that is the same in
-- PostgreSQL 15 and 17. Each migration ends with a call of it, after apply_grants.
-- p_drift: the changes by hand that an upgrade found and left. They stay differences. A list of [name, recorded digest, found digest].

create procedure email_queue_private.record_schema(p_drift jsonb default null)
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create or replace function email_queue_private.recorded_objects() returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp as $f$ select %L::jsonb $f$',
    (select jsonb_object_agg(o.name, o.digest) filter (where o.digest is not null) from (
      select coalesce(n.name, d.name), case when d.name is not null and d.found is not distinct from n.digest then d.recorded else n.digest end
      from email_queue_private.schema_objects() as n
      full join (select e ->> 0, e ->> 1, e ->> 2 from jsonb_array_elements(p_drift) as e) as d(name, recorded, found) on d.name = n.name
    ) as o(name, digest)));
end
$$;
comment on procedure email_queue_private.record_schema(jsonb) is 'Records what is there now as what should be, except for the changes by hand in p_drift. Ends each migration, after apply_grants.';
