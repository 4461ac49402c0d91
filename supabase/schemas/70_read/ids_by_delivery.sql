-- The same of those with a state of delivery. What went wrong is rare and has an index; the rest is looked for
-- among the newest. Where nobody bounds the time, a state that is rare would have it walk over all history.
create function email_queue_private.ids_by_delivery(
  p_delivery text, p_metadata jsonb, p_status text, p_type text, p_limit integer, p_from uuid, p_before uuid
) returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_page uuid[];
  v_before uuid := p_before;
  v_left integer := p_limit;
  v_count integer;
  v_looked integer := 0;
begin
  if p_delivery not in ('sent', 'delayed', 'delivered', 'suppressed', 'failed', 'bounced', 'complained') then
    perform email_queue_private.refuse('delivery', 'must be sent, delayed, delivered, suppressed, failed, bounced or complained');
  end if;
  loop
    if p_delivery in ('suppressed', 'failed', 'bounced', 'complained') then
      v_page := array(select q.id from public.email_queue as q where q.status = p_status and (p_type is null or q.type = p_type)
        and (p_metadata is null or q.metadata @> p_metadata) and q.id = any (array(
          select distinct e.message_id from email_queue_private.event as e
          where e.type = 'email.' || p_delivery and e.type in ('email.bounced', 'email.failed', 'email.suppressed', 'email.complained')
            and (p_from is null or e.message_id >= p_from) and (p_before is null or e.message_id < p_before))));
    elsif p_metadata is null then
      v_page := array(select i from email_queue_private.ids_by_status(p_status, p_type, 500, p_from, v_before) as i);
    else
      v_page := array(select i from email_queue_private.ids_by_metadata(p_metadata, p_status, p_type, 500, p_from, v_before) as i);
    end if;
    return query select i from unnest(v_page) as i cross join lateral (select email_queue_private.delivery(i) as is) as d
      where d.is ->> 'state' = p_delivery or p_delivery = 'complained' and d.is @? '$.recipients[*].complained_at' order by i desc limit v_left;
    get diagnostics v_count = row_count;
    v_left := v_left - v_count;
    exit when v_left <= 0 or cardinality(v_page) < 500 or p_delivery in ('suppressed', 'failed', 'bounced', 'complained');
    v_before := v_page[cardinality(v_page)];
    v_looked := v_looked + 500;
    if p_from is null and v_looked >= 10000 then
      perform email_queue_private.refuse('delivery', 'is not that of enough of the newest 10000 messages: bound the search with since');
    end if;
  end loop;
end
$$;
comment on function email_queue_private.ids_by_delivery(text, jsonb, text, text, integer, uuid, uuid) is 'Ids of messages in a status with a state of delivery, newest first.';
