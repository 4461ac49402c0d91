create function public.email_queue_begin(
  p_dispatch_id uuid, p_token uuid, p_endpoint text, p_wire_version integer default 1, p_timeout_ms bigint default 30000,
  p_margin_ms bigint default 5000, p_max_wait_ms bigint default 2000
) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_work(jsonb_build_object('begins', jsonb_build_array(jsonb_build_object('dispatch_id', p_dispatch_id,
    'token', p_token, 'endpoint', p_endpoint, 'wire_version', p_wire_version, 'timeout_ms', p_timeout_ms, 'margin_ms', p_margin_ms,
    'max_wait_ms', p_max_wait_ms))))::jsonb -> 'begins' -> 0
$$;
comment on function public.email_queue_begin(uuid, uuid, text, integer, bigint, bigint, bigint) is
  'Records that a dispatch is about to be sent. Answers {state: begun|changed|paused|unavailable|throttled|ended|lost, wait_ms?, retry_after_ms?}.';
