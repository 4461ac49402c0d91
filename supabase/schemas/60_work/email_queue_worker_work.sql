-- The worker's call carries any number of settles, begins and claims. It answers one value; expected outcomes are values, not
-- errors.

-- Some plans are switched off: every query here searches by a key, and statistics of a table that was empty a moment ago mislead the
-- planner. jit is off, too: a switched-off plan that is used in spite of that (for a table of one row) has a cost of 10^10, so it would
-- be compiled, and a call would take 400 ms instead of 5. Plans for given values are no better: to make them cost 7 to 8 % of a call.
create function public.email_queue_worker_work(p_request jsonb) returns json
language plpgsql volatile
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  perform email_queue_private.check_sees_all();
  return email_queue_private.work(p_request);
end
$$;
comment on function public.email_queue_worker_work(jsonb) is
  'The worker''s call: {settles, begins, claim: {type, tokens, lease_ms, max_messages, max_bytes, min_bytes, max_wait_ms, max_frozen}, count_remaining, seed_sender, project_url, run: {id, cause, quiet_ms, last, report}}. Answers {settles, begins, claims, obstacle, next_due_ms, remaining, now_ms, ...}.';
