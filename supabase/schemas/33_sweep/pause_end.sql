-- When a hint of a paused domain is looked at again: at the end of the pause, but after some minutes at the latest, as a resume passes
-- over hints that others have locked.
create function email_queue_private.pause_end(p_lane text, p_now timestamptz) returns timestamptz
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select least(min(p.paused_until), p_now + interval '30 minutes') from email_queue_private.paused_domain as p where p.domain = split_part(p_lane, ':', 2)
$$;
comment on function email_queue_private.pause_end(text, timestamptz) is 'When to look again at a lane of a paused domain.';
