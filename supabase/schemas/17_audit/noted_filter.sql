-- Text and metadata of a filter may be an address: of text nothing is kept that has an at sign, of metadata the keys alone.
create function email_queue_private.noted_filter(p_filter jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when p_filter is not null then jsonb_build_object('filter', (
    select coalesce(jsonb_object_agg(f.key, case
        when f.key = 'metadata' and jsonb_typeof(f.value) = 'object' then (select to_jsonb((array_agg(left(k, 60) order by k collate "C"))[1:10]) from jsonb_object_keys(f.value) as k where position('@' in k) = 0)
        when position('@' in f.value::text) > 0 then '"…"'
        else to_jsonb(left(f.value #>> '{}', 60)) end), '{}')
    from jsonb_each(p_filter) as f where f.value <> 'null')) else '{}' end
$$;
comment on function email_queue_private.noted_filter(jsonb) is 'A filter, as audit has it.';
