create function public.email_queue_release(p_dispatch_id uuid, p_token uuid) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_settle(jsonb_build_object('dispatch_id', p_dispatch_id, 'token', p_token, 'answer', 'none', 'counted', false,
    'members', '[]'::jsonb, 'rest', case when d.frozen then 'freeze' else 'release' end))
  from (select coalesce(bool_or(e.frozen), false) as frozen from email_queue_private.dispatch as e where e.id = p_dispatch_id) as d
$$;
comment on function public.email_queue_release(uuid, uuid) is
  'Gives a dispatch back that was not sent, without using an attempt. Answers {result: applied|already|lost}.';
