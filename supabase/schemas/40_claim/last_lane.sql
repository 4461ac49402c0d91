-- The lane of the newest dispatch, from which a claim looks for the next lanes; null if consumers have formed the newest ones. A claim that
-- began anywhere else than after the last lane would leave lanes waiting that are behind many others.
create function email_queue_private.last_lane(p_type text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return (select d.lane from (select d.type, d.lane from email_queue_private.dispatch as d order by d.id desc limit 3) as d where d.type = p_type limit 1);
end
$$;
comment on function email_queue_private.last_lane(text) is 'The lane of the newest dispatch of a type, if it is among the newest of all.';
