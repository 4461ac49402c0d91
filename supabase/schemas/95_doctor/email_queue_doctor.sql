-- The doctor: what is broken, and how to fix it. Each check is a row of check, status (ok, warn, fail or skip), detail and remedy. If a
-- command fixes it, the remedy ends with the command, after a colon, ready to be copied: it fixes what the finding names and changes
-- nothing else (a test runs each). If none can, the remedy says what to wait for or where to look.

create function public.email_queue_doctor() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
  select jsonb_agg(f order by p.n, f.n)
  from unnest(array['doctor_schema', 'doctor_writable', 'doctor_parts', 'doctor_identity', 'doctor_job', 'doctor_answers', 'doctor_runs', 'doctor_queue', 'doctor_consumers', 'doctor_auth', 'doctor_events', 'doctor_reaction', 'doctor_settings']) with ordinality as p(part, n)
  cross join lateral jsonb_array_elements(email_queue_private.examine(p.part)) with ordinality as f(f, n)
$$;
comment on function public.email_queue_doctor() is
  'What is broken and how to fix it: a list of {check, status: ok|warn|fail, detail, remedy}. As rows: select f.* from jsonb_to_recordset(email_queue_doctor()) as f("check" text, status text, detail text, remedy text).';
