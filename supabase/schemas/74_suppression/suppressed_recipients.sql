-- How many recipients of a message are suppressed. An unsubscribe counts for mail that names a topic, of this topic or of every one.
create function email_queue_private.suppressed_recipients(p_recipients uuid[], p_topic text) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return (select count(*) from unnest(p_recipients) as r(hash) where exists (
    select from email_queue_private.suppression as s
    where s.hash = r.hash and s.removed_at is null and (s.topic is null or s.topic = p_topic) and (s.reason <> 'unsubscribe' or p_topic is not null)));
end
$$;
comment on function email_queue_private.suppressed_recipients(uuid[], text) is 'How many of these recipients get no mail of a topic.';
