create function public.email_queue_on_event(p_function text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_fault text := case when p_function is not null then email_queue_private.reaction_fault(p_function) end;
  v_previous text;
begin
  if v_fault is null and p_function is not null and cardinality(parse_ident(p_function)) <> 2 then
    v_fault := 'must be given with its schema, as in public.on_email_event';
  end if;
  if v_fault is not null then
    perform email_queue_private.refuse('function', v_fault);
  end if;
  insert into email_queue_private.reaction default values on conflict do nothing;
  select r.function into v_previous from email_queue_private.reaction as r for update;
  update email_queue_private.reaction set function = p_function, failures = 0, failed_at = null, error = null where singleton;
  if p_function is distinct from v_previous then
    perform email_queue_private.note_action('on_event', null, jsonb_build_object('function', p_function));
  end if;
  return jsonb_build_object('function', p_function, 'previous', v_previous);
end
$$;
comment on function public.email_queue_on_event(text) is
  'Names a function of yours, schema.function(jsonb), that is called with each event in the transaction that records it; null: none. It must be SECURITY DEFINER. An error of it undoes what it did, is shown by email_queue_doctor, and loses no event. Answers {function, previous}.';
