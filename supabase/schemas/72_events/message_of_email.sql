-- Completed messages are in no index but that of their id, because completing one writes none. So after the events that are known, only
-- the newest are looked at. Our own e-mails name their message in a tag.
create function email_queue_private.message_of_email(p_provider_message_id text, p_occurred_at timestamptz) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (select e.message_id from email_queue_private.event as e
      where e.provider_message_id = p_provider_message_id and e.message_id is not null limit 1),
    (select m.id from (
        select n.id, n.provider_message_id from email_queue_private.message as n
        where n.id < email_queue_private.first_id(p_occurred_at + interval '5 minutes') order by n.id desc limit 1000) as m
      where m.provider_message_id = p_provider_message_id limit 1))
$$;
comment on function email_queue_private.message_of_email(text, timestamptz) is 'The message of an e-mail that the provider''s id tells; null if none is found.';
