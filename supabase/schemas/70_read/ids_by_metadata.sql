-- The same of those whose metadata contains p_metadata. Common metadata is found among the newest
-- messages, which are looked at first. Rare metadata is found by its index, and all matches are put into a list: for a page of it the
-- planner would walk down from the newest message, through all of them if nothing is left to find.
create function email_queue_private.ids_by_metadata(p_metadata jsonb, p_status text, p_type text, p_limit integer, p_from uuid, p_before uuid)
returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_window integer := greatest(200, 10 * p_limit);
  v_oldest uuid; -- of the newest; null where that is all of them
  v_count integer;
begin
  perform email_queue_private.check_metadata('metadata', p_metadata);
  v_oldest := case
    when p_status = 'completed' then (select m.id from email_queue_private.message as m
      where (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before) order by m.id desc offset v_window - 1 limit 1)
    when p_status in ('failed', 'cancelled') then (select m.id from email_queue_private.message as m
      where m.reason is not null and (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before) order by m.id desc offset v_window - 1 limit 1)
    when p_status in ('pending', 'retrying') then (select r.id from email_queue_private.ready as r
      where (p_from is null or r.id >= p_from) and (p_before is null or r.id < p_before) order by r.id desc offset v_window - 1 limit 1)
  end;
  return query select m.id from email_queue_private.message as m
    where m.metadata @> p_metadata and m.id = any (array(
      select i from email_queue_private.ids_by_status(p_status, p_type, null, coalesce(v_oldest, p_from), p_before) as i))
    order by m.id desc limit p_limit;
  get diagnostics v_count = row_count;
  if v_oldest is not null and v_count < p_limit then
    return query select i from unnest(array(
        select m.id from (
          select m.* from email_queue_private.message as m
          where p_status in ('completed', 'failed', 'cancelled') and m.status = p_status and (p_status = 'completed' or m.reason is not null)
          union all
          select m.* from email_queue_private.message as m join email_queue_private.ready as r on r.id = m.id
          where p_status in ('pending', 'retrying') and (r.attempts > 0) = (p_status = 'retrying')
        ) as m
        where m.metadata @> p_metadata and m.id < v_oldest and (p_from is null or m.id >= p_from) and (p_type is null or m.type = p_type)
      )) as i order by i desc limit p_limit - v_count;
  end if;
end
$$;
comment on function email_queue_private.ids_by_metadata(jsonb, text, text, integer, uuid, uuid) is
  'Ids of messages in a status whose metadata contains p_metadata, newest first.';
