create function public.email_queue_dead_letters(p_filter jsonb default '{}', p_limit integer default 100, p_before uuid default null) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(to_jsonb(q) order by q.id desc), '[]'::jsonb) from public.email_queue as q
  where q.id = any (array(
    select d.id from email_queue_private.dead_letters(null, email_queue_private.check_filter(p_filter, false), p_before, true, p_limit) as d))
$$;
comment on function public.email_queue_dead_letters(jsonb, integer, uuid) is
  'Failed messages, newest first, at most {{MAX_PAGE}}. p_filter: {type, reason, since, until, text, metadata}; p_before (an id) continues a page.';
