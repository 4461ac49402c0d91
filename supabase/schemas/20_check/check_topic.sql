create function email_queue_private.check_topic(p_topic text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if char_length(p_topic) not between 1 and {{MAX_TOPIC}}
    or p_topic collate "C" ~ ('[' || chr(1) || '-' || chr(31) || chr(127) || '-' || chr(159) || ']')
  then
    perform email_queue_private.refuse('topic', 'must be a text of 1 to {{MAX_TOPIC}} characters, none of them a control character');
  end if;
end
$$;
comment on function email_queue_private.check_topic(text) is 'Checks the name of a topic; null passes.';
