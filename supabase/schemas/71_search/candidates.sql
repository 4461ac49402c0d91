-- Ids among which a search looks, newest first, from the smallest set that has an index. No condition is on top of the index's, or
-- a page of what is rare would read the whole set. p_rare is what rare() found.
create function email_queue_private.candidates(p_filter jsonb, p_rare uuid[], p_from uuid, p_before uuid, p_limit integer) returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  case
    when p_rare is not null then
      return query select r.id from unnest(p_rare) as r(id)
        where (p_from is null or r.id >= p_from) and (p_before is null or r.id < p_before) order by r.id desc limit p_limit;
    when p_filter ->> 'status' in ('pending', 'retrying') then
      return query select r.id from email_queue_private.ready as r
        where (p_from is null or r.id >= p_from) and (p_before is null or r.id < p_before) order by r.id desc limit p_limit;
    when p_filter ->> 'status' = 'processing' then
      return query select i from email_queue_private.ids_by_status('processing', null, p_limit, p_from, p_before) as i;
    when p_filter ->> 'status' in ('failed', 'cancelled') or p_filter ->> 'reason' is not null then
      return query select m.id from email_queue_private.message as m
        where m.reason is not null and (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before) order by m.id desc limit p_limit;
    when p_filter ->> 'delivery' in ('suppressed', 'failed', 'bounced', 'complained') then
      return query select distinct e.message_id from email_queue_private.event as e
        where e.type in ('email.bounced', 'email.failed', 'email.suppressed', 'email.complained') and e.message_id is not null
          and (p_from is null or e.message_id >= p_from) and (p_before is null or e.message_id < p_before) order by e.message_id desc limit p_limit;
    else
      return query select m.id from email_queue_private.message as m
        where (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before) order by m.id desc limit p_limit;
  end case;
end
$$;
comment on function email_queue_private.candidates(jsonb, uuid[], uuid, uuid, integer) is 'The next ids that a search looks at.';
