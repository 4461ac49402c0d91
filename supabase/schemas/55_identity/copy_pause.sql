-- {since, until, reason, kind} if the last function that asked was refused and no function that may send is at work.
create function email_queue_private.copy_pause() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('since', r.created_at, 'until', null, 'kind', 'copy', 'reason', email_queue_private.copy_reason(r.address, array(
    select distinct o.address from email_queue_private.identity as o
    where o.kind = 'recorded' and (o.address <> r.address or o.server <> r.last_server) order by o.address)))
  from email_queue_private.identity as r
  where r.kind = 'refused' and not exists (
    select 1 from email_queue_private.identity as o
    where o.kind = 'recorded' and o.last_server = r.last_server and o.seen_at > r.seen_at - interval '15 minutes')
  order by r.seen_at desc limit 1
$$;
comment on function email_queue_private.copy_pause() is 'The pause of a copy, as email_queue_stats shows it; null in an original.';
