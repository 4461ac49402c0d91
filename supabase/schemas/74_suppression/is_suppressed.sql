create function email_queue_private.is_suppressed(p_recipients uuid[], p_topic text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return cardinality(p_recipients) > 0 and email_queue_private.suppressed_recipients(p_recipients, p_topic) = cardinality(p_recipients);
end
$$;
comment on function email_queue_private.is_suppressed(uuid[], text) is 'Whether no recipient is left that may get mail of a topic.';
