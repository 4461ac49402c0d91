-- The subject is that of the view: of a secret message, and of an erased one, there is none.
create function email_queue_private.fitting(p_ids uuid[], p_filter jsonb) returns setof uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select q.id from public.email_queue as q
  where q.id = any (p_ids)
    and (p_filter ->> 'type' is null or q.type = p_filter ->> 'type')
    and (p_filter ->> 'status' is null or q.status = p_filter ->> 'status')
    and (p_filter ->> 'reason' is null or p_filter ->> 'reason' = coalesce(q.error ->> 'reason', case q.status when 'cancelled' then 'cancelled' end))
    and (p_filter ->> 'template' is null or q.template ->> 'name' = p_filter ->> 'template')
    and (p_filter -> 'metadata' is null or q.metadata @> (p_filter -> 'metadata'))
    and (p_filter ->> 'subject' is null or starts_with(q.payload ->> 'subject', p_filter ->> 'subject'))
    and (p_filter ->> 'delivery' is null or (
      select d.delivery ->> 'state' = p_filter ->> 'delivery' or p_filter ->> 'delivery' = 'complained' and d.delivery @? '$.recipients[*].complained_at'
      from (select email_queue_private.delivery(q.id) as delivery offset 0) as d))
  order by q.id desc
$$;
comment on function email_queue_private.fitting(uuid[], jsonb) is 'Those of some messages that a filter finds, newest first.';
