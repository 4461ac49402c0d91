-- The lane of the newest dispatch of a priority, from which a claim looks for the next lanes. Empty if there are few others and none of it: then the
-- round begins. Null if none of the newest ones is of it: a claim that began anywhere else than after the last lane would leave lanes waiting that
-- are behind many others. Each priority goes its own round: after a sign-in mail, the newsletters go on where they were. The halves of a split
-- dispatch are no turn, and have older ids.
create function email_queue_private.last_lane(p_type text, p_priority smallint) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(
    (select d.lane from (select d.id, d.type, d.priority, d.lane from email_queue_private.dispatch as d order by d.id desc limit {{DISPATCHES_A_LOOK}}) as d
      where d.type = p_type and d.priority = p_priority order by d.id desc limit 1),
    case when (select count(*) from (select 1 from email_queue_private.dispatch limit {{DISPATCHES_A_LOOK}}) as d) < {{DISPATCHES_A_LOOK}} then '' end);
end
$$;
comment on function email_queue_private.last_lane(text, smallint) is 'The lane of the newest dispatch of a type and priority, if it is among the newest of all.';
