create function public.email_queue_overview() returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set plan_cache_mode = force_custom_plan
as $$
begin
  return jsonb_build_object('priorities', email_queue_private.depth_by_priority(), 'hours', email_queue_private.last_hours(), 'requests', email_queue_private.requests_now(),
    'reputation', email_queue_private.reputation());
end
$$;
comment on function public.email_queue_overview() is
  'What a person wants to see first, beside email_queue_stats: {priorities, hours, requests, reputation}. priorities: depth by type and priority (counted up to 100,000, and 10,000 in requests). hours: the last six in steps of ten minutes, [{at, enqueued (up to 10,000), accepted, retried, failed, waiting}]; waiting is what the runs left, null if none ended then. requests: {last_minute, most_in_a_second, per_second (the limit), setting, learned (the provider''s), answered, breaker: [{scope, unanswered, next_at, requests, size}]}. reputation: {day, week}, each {accepted, bounced, complained, all}; all is false if only the newest 50,000 messages were counted.';
