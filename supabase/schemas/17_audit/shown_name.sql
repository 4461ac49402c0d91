-- Control characters, and those that turn the direction of a line or are not seen, would let a name look like another one in a terminal.
create function email_queue_private.shown_name(p_text text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select nullif(left(btrim(regexp_replace(p_text collate "C", '[' || chr(1) || '-' || chr(31) || chr(127) || '-' || chr(159) || chr(8203) || '-' || chr(8207)
    || chr(8232) || '-' || chr(8238) || chr(8288) || '-' || chr(8303) || chr(65279) || ']', '', 'g')), 100), '')
$$;
comment on function email_queue_private.shown_name(text) is 'A name without what cannot be printed, at most 100 characters; null if nothing is left.';
