create function email_queue_private.template_variables(p_programs jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(v.name order by v.name), '[]') from (
    select distinct array_to_string(array(select jsonb_array_elements_text(s -> 'path')), '.') collate "C" as name
    from jsonb_each(p_programs) as p cross join lateral jsonb_array_elements(p.value) as s where jsonb_typeof(s) = 'object' and s ? 'path') as v
$$;
comment on function email_queue_private.template_variables(jsonb) is 'The names that a template has, in their order.';
