-- What src/protocol/jsonb.rs says of a payload and of metadata.
create function email_queue_private.check_json(p_field text, p_value jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  -- Deeper than any payload needs, and than what a worker's JSON parser reads.
  if jsonb_path_exists(p_value, '$.**{{{MAX_DEPTH+1}}}') then
    perform email_queue_private.refuse(p_field, 'is nested more than {{MAX_DEPTH}} deep');
  end if;
  if jsonb_path_exists(p_value, '$.** ? (@.type() == "number" && (@ >= {{TOO_LARGE}} || @ <= -{{TOO_LARGE}}))') then
    perform email_queue_private.refuse(p_field || email_queue_private.too_large(p_value), 'must be a number below {{TOO_LARGE}}');
  end if;
end
$$;
comment on function email_queue_private.check_json(text, jsonb) is 'Refuses what others cannot read.';
