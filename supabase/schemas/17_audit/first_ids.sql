create function email_queue_private.first_ids(p_ids uuid[]) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('ids', to_jsonb(p_ids[1:10]))
$$;
comment on function email_queue_private.first_ids(uuid[]) is 'The first ten ids, as audit has them.';
