-- The payload of a secret message is needed while it may be sent, or sent again. The callers have just ended the messages.
create function email_queue_private.erase_secrets(p_ids uuid[]) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  delete from email_queue_private.body as b
  where b.id = any (p_ids)
    and exists (select 1 from email_queue_private.message as m where m.id = b.id and m.secret and m.status is not null)
$$;
comment on function email_queue_private.erase_secrets(uuid[]) is 'Erases the payloads of those secret messages that have ended.';
