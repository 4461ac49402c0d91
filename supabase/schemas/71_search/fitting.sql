-- In plpgsql, so that it is planned for its values: conditions and tables that they do not need are left out. It derives the open states as
-- the view does, from what it must read of them, and the state of delivery as delivery() does, which is slower. The subject of a secret message is not looked at.
create function email_queue_private.fitting(p_ids uuid[], p_filter jsonb) returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_type text := p_filter ->> 'type';
  v_status text := p_filter ->> 'status';
  v_reason text := p_filter ->> 'reason';
  v_template text := p_filter ->> 'template';
  v_subject text := p_filter ->> 'subject';
  v_delivery text := p_filter ->> 'delivery';
  v_rank integer := email_queue_private.delivery_rank(case v_delivery when 'delayed' then 'email.delivery_delayed' else 'email.' || v_delivery end);
  v_metadata jsonb := p_filter -> 'metadata';
  v_address uuid := (p_filter ->> 'address')::uuid;
begin
  return query select m.id from email_queue_private.message as m
    where m.id = any (p_ids)
      and (v_address is null or m.addressee = v_address
        or exists (select from email_queue_private.further_addressee as f where f.id = m.id and f.hash = v_address))
      and (v_type is null or m.type = v_type)
      and (v_reason is null or m.reason = v_reason)
      and (v_template is null or m.template ->> 'name' = v_template)
      and (v_metadata is null or m.metadata @> v_metadata)
      and (v_status is null or m.status = v_status or m.status is null and case
        when v_status in ('pending', 'retrying')
          then exists (select from email_queue_private.ready as r where r.id = m.id and (r.attempts > 0) = (v_status = 'retrying'))
        when v_status = 'processing' then not exists (select from email_queue_private.ready as r where r.id = m.id)
        else false end)
      and (v_subject is null or m.secret is null and exists (
        select from email_queue_private.body as b where b.id = m.id and starts_with(b.payload ->> 'subject', v_subject)))
      and (v_delivery is null or case when v_delivery = 'complained'
        then exists (select from email_queue_private.event as e where e.message_id = m.id and e.type = 'email.complained')
        else v_rank = (select max(email_queue_private.delivery_rank(e.type)) from email_queue_private.event as e where e.message_id = m.id) end)
    order by m.id desc;
end
$$;
comment on function email_queue_private.fitting(uuid[], jsonb) is 'Those of some messages that a filter finds, newest first.';
