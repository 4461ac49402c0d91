-- The usual hand-written queue: one wide table, the status updated in place. The mistakes that would keep it from working
-- at all are mended (it dequeues, skips what others hold, counts attempts, has an index); the design is as it is.

create table email_jobs (
  id uuid primary key default gen_random_uuid(),
  payload jsonb not null,
  status text not null default 'pending',
  priority integer not null default 0,
  attempts integer not null default 0,
  max_attempts integer not null default 3,
  scheduled_at timestamptz not null default now(),
  locked_until timestamptz,
  provider_id text,
  error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index email_jobs_status on email_jobs (status, priority desc, scheduled_at);

create function dequeue_emails(p_limit integer) returns setof email_jobs
language plpgsql as $$
begin
  return query
  with next as materialized (
    select j.id from email_jobs as j
    where j.status = 'pending' and j.scheduled_at <= now()
    order by j.priority desc, j.scheduled_at limit p_limit for update skip locked
  )
  update email_jobs as j
  set status = 'processing', attempts = j.attempts + 1, locked_until = now() + interval '1 minute', updated_at = now()
  from next where j.id = next.id
  returning j.*;
end
$$;

create function complete_emails(p_ids uuid[], p_provider_ids text[]) returns void
language plpgsql as $$
begin
  update email_jobs as j
  set status = 'completed', provider_id = d.provider_id, updated_at = now()
  from unnest(p_ids, p_provider_ids) as d(id, provider_id) where j.id = d.id;
end
$$;

create function fail_emails(p_ids uuid[], p_error text) returns void
language plpgsql as $$
begin
  update email_jobs as j
  set status = case when j.attempts >= j.max_attempts then 'failed' else 'pending' end, error = p_error,
    scheduled_at = now() + interval '30 seconds' * j.attempts, updated_at = now()
  where j.id = any (p_ids);
end
$$;
