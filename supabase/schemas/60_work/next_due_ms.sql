-- When the next message or dispatch of a type can be claimed, in milliseconds from now (0: now); null if nothing waits. Only if nothing
-- is due, all lanes are looked at.
create function email_queue_private.next_due_ms(p_type text, p_closed text[]) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select 1 from email_queue_private.heads(p_type, clock_timestamp(), p_closed, 1)) then
    return 0;
  end if;
  return (
    select greatest(0, ceil(extract(epoch from t.due - clock_timestamp()) * 1000))::bigint
    from (select least(
      (select min(h.run_at) from email_queue_private.heads(p_type, 'infinity', p_closed) as h),
      (select min(d.visible_at) from email_queue_private.dispatch as d
        where d.token is null and d.settled_at is null and d.type = p_type and not email_queue_private.is_paused(d.lane)
          and (d.frozen or not email_queue_private.is_closed(d.lane, p_closed)))
    ) as due) as t
    where t.due is not null);
end
$$;
comment on function email_queue_private.next_due_ms(text, text[]) is 'Milliseconds until something of a type can be claimed; null if nothing waits.';
