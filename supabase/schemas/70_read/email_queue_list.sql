-- Planned for the values of each call. A cached plan knows neither how many messages have some metadata nor where a page begins, and
-- reads all of them.
create function public.email_queue_list(
  p_status text, p_type text default null, p_limit integer default 100, p_before uuid default null,
  p_since timestamptz default null, p_until timestamptz default null, p_metadata jsonb default null, p_delivery text default null
) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set plan_cache_mode = force_custom_plan
as $$
declare
  v_limit integer := least(greatest(p_limit, 1), {{MAX_PAGE}});
  v_from uuid := email_queue_private.first_id(p_since);
  v_before uuid := least(p_before, email_queue_private.first_id(p_until));
  v_ids uuid[] := case
    when p_delivery is not null
    then array(select i from email_queue_private.ids_by_delivery(p_delivery, p_metadata, p_status, p_type, v_limit, v_from, v_before) as i)
    when p_metadata is null
    then array(select i from email_queue_private.ids_by_status(p_status, p_type, v_limit, v_from, v_before) as i)
    else array(select i from email_queue_private.ids_by_metadata(p_metadata, p_status, p_type, v_limit, v_from, v_before) as i) end;
begin
  return (select coalesce(jsonb_agg(to_jsonb(q) order by q.id desc), '[]'::jsonb) from public.email_queue as q where q.id = any (v_ids));
end
$$;
comment on function public.email_queue_list(text, text, integer, uuid, timestamptz, timestamptz, jsonb, text) is
  'Messages in a status, newest first, as a JSON list of at most {{MAX_PAGE}}; p_before (an id) continues a page; p_since and p_until bound the time of enqueue; p_metadata selects those whose metadata contains it, p_delivery those that came so far (sent, delayed, delivered, suppressed, failed, bounced) or were complained about (complained). Without p_since, sent, delayed and delivered are looked for among 10000 messages.';
