-- What src/protocol/jsonb.rs says of a payload and of metadata.
create function email_queue_private.check_json(p_field text, p_value jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  -- Deeper than any payload needs, and than what a worker's JSON parser reads.
  if jsonb_path_exists(p_value, '$.**{33}') then
    perform email_queue_private.refuse(p_field, 'is nested more than 32 deep');
  end if;
  if jsonb_path_exists(p_value, '$.** ? (@.type() == "number" && (@ >= 1e308 || @ <= -1e308))') then
    perform email_queue_private.refuse(p_field || email_queue_private.too_large(p_value), 'must be a number below 1e308');
  end if;
end
$$;
comment on function email_queue_private.check_json(text, jsonb) is 'Refuses what others cannot read.';
