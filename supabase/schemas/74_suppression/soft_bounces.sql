-- From the newest event back to the first one that was delivered; nothing from before the entry was removed by hand.
create function email_queue_private.soft_bounces(p_recipient text) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_removed_at timestamptz := (select s.removed_at from email_queue_private.suppression as s
    where s.hash = email_queue_private.address_hash(p_recipient, email_queue_private.hash_key()) and s.reason = 'bounce' and s.topic is null);
begin
  return (
    select count(distinct w.message_id) from (
      select n.*, bool_or(n.type = 'email.delivered') over (order by n.occurred_at desc, n.svix_id collate "C") as delivered from (
        select e.* from email_queue_private.event as e
        where e.recipient = p_recipient and e.recipient <> '' and e.type in ('email.bounced', 'email.delivered')
        order by e.occurred_at desc limit 200) as n) as w
    where not w.delivered and (v_removed_at is null or w.received_at > v_removed_at) and not email_queue_private.is_hard(w.detail)
      and coalesce(w.detail ->> 'subtype', '') not in ('MessageTooLarge', 'ContentRejected', 'AttachmentRejected'));
end
$$;
comment on function email_queue_private.soft_bounces(text) is 'How many messages in a row to an address bounced softly.';
