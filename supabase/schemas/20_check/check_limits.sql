-- Bounds for what costs the worker time, in the words of src/email/limits.rs.
create function email_queue_private.check_limits(p_payload jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_headers jsonb := p_payload -> 'headers';
  v_attachments jsonb := p_payload -> 'attachments';
  v_variables jsonb := p_payload -> 'template' -> 'variables';
  v_fault record;
begin
  if jsonb_typeof(p_payload -> 'replyTo') = 'array' and jsonb_array_length(p_payload -> 'replyTo') > {{MAX_RECIPIENTS}} then
    perform email_queue_private.refuse('replyTo', 'must have at most {{MAX_RECIPIENTS}} addresses');
  end if;
  if jsonb_typeof(v_headers) = 'object' then
    if (select count(*) from jsonb_object_keys(v_headers)) > {{MAX_HEADERS}} then
      perform email_queue_private.refuse('headers', 'must have at most {{MAX_HEADERS}} headers');
    end if;
    select case when h.key ~ '^[A-Za-z0-9_-]{1,{{MAX_SHOWN}}}$' then h.key else '?' end as name,
      case when char_length(h.key) > {{MAX_HEADER_NAME}} then 'a header''s name must have at most {{MAX_HEADER_NAME}} characters' else 'must have at most {{MAX_HEADER_VALUE}} characters' end as message
    into v_fault
    from jsonb_each_text(v_headers) as h where char_length(h.key) > {{MAX_HEADER_NAME}} or char_length(h.value) > {{MAX_HEADER_VALUE}} limit 1;
    if found then
      perform email_queue_private.refuse('headers.' || v_fault.name, v_fault.message);
    end if;
  end if;
  if jsonb_typeof(v_attachments) = 'array' then
    if jsonb_array_length(v_attachments) > {{MAX_ATTACHMENTS}} then
      perform email_queue_private.refuse('attachments', 'must have at most {{MAX_ATTACHMENTS}} attachments');
    end if;
    select a.n - 1 as n, l.name, l.most into v_fault
    from jsonb_array_elements(v_attachments) with ordinality as a(e, n)
    cross join lateral (values ('filename', {{MAX_FILE_NAME}}), ('contentType', {{MAX_CONTENT_TYPE}}), ('path', {{MAX_PATH}})) as l(name, most)
    where jsonb_typeof(a.e) = 'object' and char_length(a.e ->> l.name) > l.most limit 1;
    if found then
      perform email_queue_private.refuse(format('attachments[%s].%s', v_fault.n, v_fault.name), format('must have at most %s characters', v_fault.most));
    end if;
  end if;
  if jsonb_typeof(v_variables) = 'object' and (select count(*) from jsonb_object_keys(v_variables)) > {{MAX_VARIABLES}} then
    perform email_queue_private.refuse('template.variables', 'must have at most {{MAX_VARIABLES}} variables');
  end if;
  if (select count(*) from jsonb_path_query(p_payload, '$.**')) > {{MAX_VALUES}} then
    perform email_queue_private.refuse('payload', 'has more than {{MAX_VALUES}} values');
  end if;
end
$$;
comment on function email_queue_private.check_limits(jsonb) is 'Refuses an e-mail with more headers, attachments, variables or values than the worker has time for.';
