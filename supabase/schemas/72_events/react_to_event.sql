-- What else a newly recorded event does.
create function email_queue_private.react_to_event(p_event jsonb, p_message email_queue_private.message, p_clients boolean) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_event jsonb := p_event || jsonb_build_object('message_id', p_message.id);
  v_detail jsonb := email_queue_private.shown_detail(p_event, p_message, p_clients);
  v_function text := (select r.function from email_queue_private.reaction as r);
begin
  if p_event ->> 'type' in ('email.bounced', 'email.complained', 'suppression.added', 'suppression.removed') then
    perform email_queue_private.suppress_for_event(v_event || jsonb_build_object('erased', coalesce(p_message.bytes = 0, false)));
  end if;
  if v_function is not null then
    v_event := v_event - 'detail' || case when v_detail is not null then jsonb_build_object('detail', v_detail) else '{}' end
      || case when p_message.bytes = 0 then '{"recipients": []}'::jsonb else '{}' end;
    perform email_queue_private.call_reaction(v_function, v_event - 'mark' || jsonb_build_object('metadata', p_message.metadata));
  end if;
end
$$;
comment on function email_queue_private.react_to_event(jsonb, email_queue_private.message, boolean) is 'Suppresses addresses, and calls the user''s function.';
