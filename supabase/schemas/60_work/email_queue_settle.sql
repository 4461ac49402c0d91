create function public.email_queue_settle(p_settle jsonb) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_worker_work(jsonb_build_object('settles', jsonb_build_array(p_settle)))::jsonb -> 'settles' -> 0
$$;
comment on function public.email_queue_settle(jsonb) is
  'Applies outcomes to a dispatch under its token. Answers {result: applied|already|lost|invalid}.';
