-- An event about an e-mail shows that the provider accepted it: this member, and no other of its request. It counts only with a mark that
-- the message was begun under here: p_begun is that of its open dispatch (empty under version 1, null before its begin), and the message
-- keeps that of a request whose outcome was not known. In a copy, the original's e-mails have the mark that the copy had until it was adopted.
create function email_queue_private.evidence_of(p_message_id uuid, p_begun text, out provider_message_id text) returns setof text
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select e.provider_message_id from email_queue_private.event as e
  where e.message_id = p_message_id and email_queue_private.is_outbound(e.type)
    and (coalesce(e.mark, '') = p_begun or coalesce(e.mark, '') = (select m.mark from email_queue_private.message as m where m.id = p_message_id))
  order by e.received_at, e.svix_id collate "C" limit 1
$$;
comment on function email_queue_private.evidence_of(uuid, text) is 'The provider''s id of an e-mail of the message, if any was reported of what was begun here.';
