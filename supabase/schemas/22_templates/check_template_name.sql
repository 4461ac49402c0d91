create function email_queue_private.check_template_name(p_field text, p_name text) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  -- It is a file's name, too: a point comes before the language.
  if p_name is null or p_name !~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,{{MAX_TEMPLATE_NAME-1}}}$' then
    perform email_queue_private.refuse(p_field, 'must be 1 to {{MAX_TEMPLATE_NAME}} letters, digits, _ or -');
  end if;
end
$$;
comment on function email_queue_private.check_template_name(text, text) is 'Checks the name of a template.';
