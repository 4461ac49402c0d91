-- A filter of email_queue_search, without what is null, and the recipient as addresses are compared.
create function email_queue_private.check_search(p_filter jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_filter jsonb := coalesce(nullif(p_filter, 'null'), '{}');
  v_key text;
  v_address text;
begin
  if jsonb_typeof(v_filter) <> 'object' then
    perform email_queue_private.refuse('filter', 'must be an object');
  end if;
  for v_key in select jsonb_object_keys(v_filter) loop
    if v_key not in ('recipient', 'subject', 'status', 'reason', 'delivery', 'type', 'template', 'since', 'until', 'metadata') then
      perform email_queue_private.refuse(left('filter.' || v_key, 60),
        'is not a filter: use recipient, subject, status, reason, delivery, type, template, since, until or metadata');
    elsif v_filter -> v_key = 'null' then
      v_filter := v_filter - v_key;
    elsif v_key <> 'metadata' and (jsonb_typeof(v_filter -> v_key) <> 'string' or char_length(v_filter ->> v_key) > {{MAX_SUBJECT}}) then
      perform email_queue_private.refuse('filter.' || v_key, 'must be a text of at most {{MAX_SUBJECT}} characters');
    end if;
  end loop;
  if v_filter ? 'recipient' then
    v_address := coalesce(email_queue_private.bare_address(v_filter ->> 'recipient'), '');
    -- An enqueue from SQL takes addresses that the worker rejects: they can be asked for, too.
    if v_address !~ '^.+@.+$' then
      perform email_queue_private.refuse('filter.recipient', 'must be an e-mail address');
    end if;
    v_filter := v_filter || jsonb_build_object('recipient', v_address);
  end if;
  if v_filter ->> 'status' not in ('pending', 'processing', 'retrying', 'completed', 'failed', 'cancelled') then
    perform email_queue_private.refuse('filter.status', 'must be pending, processing, retrying, completed, failed or cancelled');
  elsif v_filter ->> 'reason' not in ('rejected', 'exhausted', 'unknown_outcome', 'not_accepted', 'expired', 'suppressed', 'cancelled') then
    perform email_queue_private.refuse('filter.reason', 'must be rejected, exhausted, unknown_outcome, not_accepted, expired, suppressed or cancelled');
  elsif v_filter ->> 'delivery' not in ('sent', 'delayed', 'delivered', 'suppressed', 'failed', 'bounced', 'complained') then
    perform email_queue_private.refuse('filter.delivery', 'must be sent, delayed, delivered, suppressed, failed, bounced or complained');
  end if;
  perform email_queue_private.check_time('filter.since', v_filter ->> 'since');
  perform email_queue_private.check_time('filter.until', v_filter ->> 'until');
  perform email_queue_private.check_metadata('filter.metadata', v_filter -> 'metadata');
  return v_filter;
end
$$;
comment on function email_queue_private.check_search(jsonb) is 'A filter of a search, or an error that names the field.';
