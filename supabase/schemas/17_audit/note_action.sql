-- In the transaction of the action, so that there is a row if and only if something was changed.
create function email_queue_private.note_action(p_action text, p_messages integer, p_arguments jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into email_queue_private.audit (id, at, actor, action, messages, arguments)
  values (email_queue_private.new_id(), clock_timestamp(), email_queue_private.actor(), p_action, p_messages, case when p_action = 'configure' then p_arguments else jsonb_strip_nulls(p_arguments) end);
end
$$;
comment on function email_queue_private.note_action(text, integer, jsonb) is 'Notes who did what with how many messages.';
