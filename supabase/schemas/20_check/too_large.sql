-- A double ends at 1.8e308 and jsonb at 10^131072: a reader of such a number gets no number, or cannot read the rest either.
create function email_queue_private.too_large(p_value jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  with recursive inner_value(path, value) as (
    select '', p_value
    union all
    select v.path || i.name, i.value from inner_value as v cross join lateral (
      select '.' || case when m.key ~ '^[A-Za-z0-9_-]{1,{{MAX_SHOWN}}}$' then m.key else '?' end, m.value
      from jsonb_each(case jsonb_typeof(v.value) when 'object' then v.value end) as m
      union all
      select format('[%s]', e.n - 1), e.value
      from jsonb_array_elements(case jsonb_typeof(v.value) when 'array' then v.value end) with ordinality as e(value, n)
    ) as i(name, value)
  )
  select v.path from inner_value as v where case jsonb_typeof(v.value) when 'number' then abs((v.value #>> '{}')::numeric) >= {{TOO_LARGE}} end limit 1
$$;
comment on function email_queue_private.too_large(jsonb) is 'The path to a number that others cannot read.';
