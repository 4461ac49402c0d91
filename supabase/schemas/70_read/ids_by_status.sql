-- A page of ids by status from the table where that status lives, so that no page reads the whole history.
create function email_queue_private.ids_by_status(p_status text, p_type text, p_limit integer, p_from uuid, p_before uuid) returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  case
    when p_status = 'processing' then
      return query select u.id from (
          select * from email_queue_private.dispatch where token is not null
          union all
          select * from email_queue_private.dispatch where token is null and settled_at is null
        ) as d cross join lateral unnest(d.message_ids) as u(id)
        where (p_type is null or d.type = p_type) and (p_from is null or u.id >= p_from) and (p_before is null or u.id < p_before)
        order by u.id desc limit p_limit;
    when p_status in ('pending', 'retrying') then
      return query select r.id from email_queue_private.ready as r
        where (r.attempts > 0) = (p_status = 'retrying') and (p_type is null or r.type = p_type) and (p_from is null or r.id >= p_from) and (p_before is null or r.id < p_before)
        order by r.id desc limit p_limit;
    when p_status in ('failed', 'cancelled') then
      return query select m.id from email_queue_private.message as m
        where m.reason is not null and m.status = p_status and (p_type is null or m.type = p_type) and (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before)
        order by m.id desc limit p_limit;
    when p_status = 'completed' then
      return query select m.id from email_queue_private.message as m
        where m.status = p_status and (p_type is null or m.type = p_type) and (p_from is null or m.id >= p_from) and (p_before is null or m.id < p_before)
        order by m.id desc limit p_limit;
    else
      perform email_queue_private.refuse('status', 'must be pending, processing, retrying, completed, failed or cancelled');
  end case;
end
$$;
comment on function email_queue_private.ids_by_status(text, text, integer, uuid, uuid) is 'Ids of messages in a status, newest first.';
