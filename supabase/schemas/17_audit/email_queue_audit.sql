create function public.email_queue_audit(p_filter jsonb default '{}', p_limit integer default 100, p_before uuid default null) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set plan_cache_mode = force_custom_plan
as $$
declare
  v_filter jsonb := coalesce(nullif(p_filter, 'null'), '{}');
  v_key text;
  v_from uuid;
  v_before uuid;
begin
  if jsonb_typeof(v_filter) <> 'object' then
    perform email_queue_private.refuse('filter', 'must be an object');
  end if;
  for v_key in select jsonb_object_keys(v_filter) loop
    if v_key not in ('actor', 'action', 'since', 'until') then
      perform email_queue_private.refuse(left('filter.' || v_key, 60), 'is not a filter: use actor, action, since or until');
    elsif jsonb_typeof(v_filter -> v_key) not in ('string', 'null') then
      perform email_queue_private.refuse('filter.' || v_key, 'must be a text');
    end if;
  end loop;
  v_from := email_queue_private.first_id(email_queue_private.check_time('filter.since', v_filter ->> 'since'));
  v_before := least(p_before, email_queue_private.first_id(email_queue_private.check_time('filter.until', v_filter ->> 'until')));
  return coalesce((
    select jsonb_agg(to_jsonb(e) order by e.id desc) from (
      select a.id, a.at, a.actor, a.action, a.messages, a.arguments from email_queue_private.audit as a
      where (v_from is null or a.id >= v_from) and (v_before is null or a.id < v_before)
        and (v_filter ->> 'actor' is null or a.actor = v_filter ->> 'actor') and (v_filter ->> 'action' is null or a.action = v_filter ->> 'action')
      order by a.id desc limit least(greatest(coalesce(p_limit, 100), 1), {{MAX_PAGE}})) as e), '[]');
end
$$;
comment on function public.email_queue_audit(jsonb, integer, uuid) is
  'Who changed what, newest first, at most {{MAX_PAGE}}: [{id, at, actor, action, messages, arguments}]. p_filter: {actor, action, since, until}; p_before (an id) continues a page.';
