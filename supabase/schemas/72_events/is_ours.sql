-- An event names its message, but copies of this database have a message with the same id. The mark tells them apart. With a retired mark,
-- or none, the event is ours if the message was begun with just that.
create function email_queue_private.is_ours(p_message email_queue_private.message, p_mark text, p_current_mark text, p_provider_message_id text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_mark = p_current_mark, false)
    or coalesce(p_message.mark = coalesce(p_mark, ''), false)
    or p_message.status is not distinct from 'completed' and p_message.provider_message_id is not distinct from p_provider_message_id
    or exists (select 1 from email_queue_private.event as e
      where e.provider_message_id = p_provider_message_id and e.message_id = p_message.id)
    or p_message.status is null and exists (
      select 1 from (
        -- One index each: a day of settled dispatches is not read.
        select * from email_queue_private.dispatch where token is not null
        union all
        select * from email_queue_private.dispatch where token is null and settled_at is null
      ) as d
      where d.first_begun_at is not null and p_message.id = any (d.message_ids) and coalesce(d.mark, '') = coalesce(p_mark, ''));
end
$$;
comment on function email_queue_private.is_ours(email_queue_private.message, text, text, text) is 'Whether an event about a message is about an e-mail that this installation sent.';
