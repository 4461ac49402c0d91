create function email_queue_private.unavailable(p_opens_at timestamptz, p_now timestamptz) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case when p_opens_at is not null then jsonb_build_object('state', 'unavailable',
    'reason', 'the provider did not answer: one request at a time probes it',
    'retry_after_ms', ceil(extract(epoch from p_opens_at - p_now) * 1000)) end
$$;
comment on function email_queue_private.unavailable(timestamptz, timestamptz) is 'The obstacle of a closed scope; null if none is closed.';
