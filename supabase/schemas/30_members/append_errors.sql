-- The last ten of two lists of errors; null if there are none.
create function email_queue_private.append_errors(p_errors jsonb, p_more jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when e.total > 0 then (
    select jsonb_agg(a.value order by a.n)
    from jsonb_array_elements(e.list) with ordinality as a(value, n) where a.n > e.total - {{MAX_ERRORS}})
  end
  from (select l.list, jsonb_array_length(l.list) as total
    from (select coalesce(nullif(p_errors, 'null'::jsonb), '[]'::jsonb) || coalesce(nullif(p_more, 'null'::jsonb), '[]'::jsonb) as list) as l) as e
$$;
comment on function email_queue_private.append_errors(jsonb, jsonb) is 'Joins two lists of errors and keeps the last ten.';
