create function email_queue_private.check_suppression(p_reason text, p_topic text, p_note text) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if p_reason not in ('bounce', 'complaint', 'unsubscribe', 'manual') then
    perform email_queue_private.refuse('reason', 'must be bounce, complaint, unsubscribe or manual');
  end if;
  perform email_queue_private.check_topic(p_topic);
  if char_length(p_note) > {{MAX_NOTE}} then
    perform email_queue_private.refuse('note', 'must have at most {{MAX_NOTE}} characters');
  end if;
end
$$;
comment on function email_queue_private.check_suppression(text, text, text) is 'Checks what an entry of the suppression list has besides its address; nulls pass.';
