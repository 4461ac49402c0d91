-- How far an e-mail has come, for each recipient, by delivery_rank(). Whatever the order in which the events came, the answer is the same.
create function email_queue_private.delivery(p_message_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with seen as (
    select e.recipient, e.type, min(e.occurred_at) as at, (array_agg(e.detail order by e.occurred_at))[1] as detail
    from email_queue_private.event as e where e.message_id = p_message_id group by e.recipient, e.type
  ), state as (
    select distinct on (s.recipient) s.recipient, k.rank, k.state, s.at,
      case when k.state = 'bounced' and s.detail is not null
        then jsonb_strip_nulls(jsonb_build_object('type', s.detail ->> 'type', 'subtype', s.detail ->> 'subtype', 'text', s.detail ->> 'text')) end as bounce,
      case when k.state in ('failed', 'suppressed') then coalesce(s.detail ->> 'reason', s.detail ->> 'text') end as reason
    from seen as s cross join lateral (select r.rank, (array['sent', 'delayed', 'delivered', 'suppressed', 'failed', 'bounced'])[r.rank] as state
      from (select email_queue_private.delivery_rank(s.type) as rank) as r where r.rank is not null) as k
    order by s.recipient, k.rank desc, s.at
  ), recipient as (
    select t.rank, t.state, t.at, t.recipient, jsonb_strip_nulls(jsonb_build_object('address', case when position('@' in t.recipient) > 0 then t.recipient end, 'state', t.state, 'at', t.at,
      'bounce', t.bounce, 'reason', t.reason,
      'opened_at', (select s.at from seen as s where s.recipient = t.recipient and s.type = 'email.opened'),
      'clicked_at', (select s.at from seen as s where s.recipient = t.recipient and s.type = 'email.clicked'),
      'complained_at', (select s.at from seen as s where s.recipient = t.recipient and s.type = 'email.complained'))) as shown
    from state as t
  )
  select case when count(*) > 0 then jsonb_build_object('state', (array_agg(r.state order by r.rank desc))[1],
    'at', (array_agg(r.at order by r.rank desc, r.at desc))[1], 'recipients', jsonb_agg(r.shown order by r.recipient)) end
  from recipient as r
$$;
comment on function email_queue_private.delivery(uuid) is 'The delivery of a message, as the view shows it; null if no event is known.';
