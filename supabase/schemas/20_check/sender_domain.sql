-- The domain of "a@b.c", "Name <a@b.c>" or {"email": "a@b.c"}; null without one.
create function email_queue_private.sender_domain(p_from jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return lower(substring(
    case jsonb_typeof(p_from) when 'string' then p_from #>> '{}' when 'object' then p_from ->> 'email' end
    from '@([A-Za-z0-9.-]+)[^A-Za-z0-9@.-]*$') collate "C");
end
$$;
comment on function email_queue_private.sender_domain(jsonb) is 'The lower-case domain of a sender; null without one.';
