-- A filter that changes messages must name a key of metadata. {"metadata": {}} would be all messages that have any, and JavaScript makes
-- it of {order: undefined}. {"metadata": null} would be all messages, and a query that found nothing gives it. An empty text is in each error.
create function email_queue_private.check_filter(p_filter jsonb, p_changes boolean) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_filter jsonb := coalesce(nullif(p_filter, 'null'::jsonb), '{}'::jsonb);
  v_key text;
begin
  if jsonb_typeof(v_filter) <> 'object' then
    perform email_queue_private.refuse('filter', 'must be an object');
  end if;
  for v_key in select jsonb_object_keys(v_filter) loop
    if v_key not in ('type', 'reason', 'since', 'until', 'text', 'metadata', 'after') then
      perform email_queue_private.refuse(left('filter.' || v_key, 60), 'is not a filter: use type, reason, since, until, text or metadata');
    end if;
  end loop;
  if v_filter ->> 'reason' not in ('rejected', 'exhausted', 'unknown_outcome', 'not_accepted', 'expired', 'suppressed') then
    perform email_queue_private.refuse('filter.reason', 'must be rejected, exhausted, unknown_outcome, not_accepted, expired or suppressed');
  end if;
  perform email_queue_private.check_time('filter.since', v_filter ->> 'since');
  perform email_queue_private.check_time('filter.until', v_filter ->> 'until');
  if v_filter ->> 'after' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform email_queue_private.refuse('filter.after', 'must be the id of a message');
  end if;
  perform email_queue_private.check_metadata('filter.metadata', nullif(v_filter -> 'metadata', 'null'::jsonb));
  if v_filter ->> 'text' !~ '[^[:space:]]' then
    perform email_queue_private.refuse('filter.text', 'must not be empty');
  end if;
  if p_changes and v_filter -> 'metadata' in ('{}'::jsonb, 'null'::jsonb) then
    perform email_queue_private.refuse('filter.metadata', 'must name at least one key');
  end if;
  return v_filter;
end
$$;
comment on function email_queue_private.check_filter(jsonb, boolean) is 'A filter of dead letters, or an error that names the field.';
