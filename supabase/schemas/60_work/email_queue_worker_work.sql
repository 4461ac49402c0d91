-- The worker's call carries any number of settles, begins and claims. It answers one value; expected outcomes are values, not
-- errors.

-- The switched-off plans: every query here goes by a key, and statistics of a table that was empty a moment ago mislead.
-- jit: a switched-off plan that is taken all the same (a table of one row) costs 10^10, which would have it compiled:
-- 400 ms a call instead of 5.
create function public.email_queue_worker_work(p_request jsonb) returns json
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
  perform email_queue_private.check_sees_all();
  return email_queue_private.work(p_request);
end
$$;
comment on function public.email_queue_worker_work(jsonb) is
  'The worker''s call: {settles, begins, claim: {type, tokens, lease_ms, max_messages, max_bytes, max_wait_ms, max_frozen}, count_remaining, seed_sender, project_url, run: {id, cause, quiet_ms, last, report}}. Answers {settles, begins, claims, obstacle, next_due_ms, remaining, now_ms, ...}.';
