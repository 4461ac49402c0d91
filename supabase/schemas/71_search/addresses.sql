create function email_queue_private.addresses(p_payload jsonb) returns setof text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select email_queue_private.bare_address(case when jsonb_typeof(a.a) = 'object' then a.a ->> 'email' else a.a #>> '{}' end)
  from unnest(array['to', 'cc', 'bcc']) as f(field)
  cross join lateral jsonb_array_elements(case jsonb_typeof(p_payload -> f.field) when 'array' then p_payload -> f.field
    else jsonb_build_array(p_payload -> f.field) end) as a(a)
$$;
comment on function email_queue_private.addresses(jsonb) is 'The addresses of an e-mail''s recipients, as they are compared; null where there is none.';
