create function public.email_queue_claim(
  p_token uuid, p_type text default 'email', p_lease_ms bigint default 60000, p_max_messages integer default 100, p_max_bytes bigint default 8388608
) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select public.email_queue_work(jsonb_build_object('claim', jsonb_build_object('type', p_type, 'tokens', jsonb_build_array(p_token),
    'lease_ms', p_lease_ms, 'max_messages', p_max_messages, 'max_bytes', p_max_bytes)))::jsonb -> 'claims' -> 0
$$;
comment on function public.email_queue_claim(uuid, text, bigint, integer, bigint) is
  'Claims one dispatch under the caller''s token; null where there is none. Repeated with the same token it gives the same dispatch.';
