-- The list of the functions stands here once: email_queue_private.api() answers it, and grants are given and taken by it, never by
-- a pattern of names.
create or replace function pg_temp.email_queue_api() returns text[]
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select array[
    'email_queue_adopt()',
    'email_queue_call(text)',
    'email_queue_cancel(uuid)',
    'email_queue_configure(jsonb)',
    'email_queue_connect(text, text)',
    'email_queue_dead_letters(jsonb, integer, uuid)',
    'email_queue_dequeue(text[], uuid[], bigint)',
    'email_queue_discard(uuid[], jsonb, boolean, integer)',
    'email_queue_doctor()',
    'email_queue_enqueue(jsonb, text, integer, integer, timestamp with time zone, bigint, timestamp with time zone, text, jsonb, jsonb)',
    'email_queue_enqueue_many(jsonb)',
    'email_queue_erase(uuid)',
    'email_queue_extend(uuid, uuid, bigint)',
    'email_queue_get(uuid)',
    'email_queue_list(text, text, integer, uuid, timestamp with time zone, timestamp with time zone, jsonb)',
    'email_queue_pause(text, text, integer)',
    'email_queue_prune(integer)',
    'email_queue_redrive(uuid[], jsonb, boolean, boolean, integer, text)',
    'email_queue_resume(text)',
    'email_queue_schedule(text)',
    'email_queue_settle(jsonb)',
    'email_queue_stats()',
    'email_queue_unschedule()',
    'email_queue_version()',
    'email_queue_wake(boolean, interval)',
    'email_queue_worker_work(jsonb)'
  ]
$$;
