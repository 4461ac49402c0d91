-- Lower case, with hyphens. Null and empty are the default.
create function email_queue_private.check_language(p_language text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_language text := replace(lower(coalesce(p_language, '') collate "C"), '_', '-');
begin
  if v_language !~ '^([a-z]{2,8}(-[a-z0-9]{1,8}){0,4})?$' then
    perform email_queue_private.refuse('language', 'must be like de or de-AT');
  end if;
  return v_language;
end
$$;
comment on function email_queue_private.check_language(text) is 'A language as templates are found by it; empty is the default.';
