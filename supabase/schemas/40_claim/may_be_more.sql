-- Whether heads() has stopped at its limit: it takes so many lanes of refused domains, and of others.
create function email_queue_private.may_be_more(p_refused boolean[], p_limit integer) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(cardinality(p_refused), 0) >= p_limit and (select greatest(count(*) filter (where r), count(*) filter (where not r)) >= p_limit from unnest(p_refused) as r);
end
$$;
comment on function email_queue_private.may_be_more(boolean[], integer) is 'Whether there may be more lanes than were found.';
