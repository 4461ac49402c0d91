-- The provider, too, has a list, and leaves the recipient out. Noted once.
create function email_queue_private.note_suppression(p_errors jsonb, p_attempts integer) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when p_errors @> '[{"class": "suppressed"}]' then p_errors else email_queue_private.append_errors(p_errors, email_queue_private.stamp_error(
    '{"class": "suppressed", "message": "Some of its recipients are on the suppression list; it goes out as it is."}', p_attempts)) end
$$;
comment on function email_queue_private.note_suppression(jsonb, integer) is 'The history of a message some of whose recipients are suppressed.';
