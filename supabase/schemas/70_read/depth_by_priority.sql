-- A dispatch may have members of several priorities, and knows the best: the members' own are read.
create function email_queue_private.depth_by_priority() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with place as (
    select r.type, r.priority, case when r.attempts > 0 then 'retrying' when r.run_at > statement_timestamp() then 'scheduled' else 'pending' end as state, r.run_at as due
    from (select * from email_queue_private.ready limit 100000) as r
    union all
    select m.type, m.priority, 'processing', null
    from (
      select u.id from (
        -- One index each: a day of settled dispatches is not read.
        select * from email_queue_private.dispatch where token is not null
        union all
        select * from email_queue_private.dispatch where token is null and settled_at is null
      ) as d cross join lateral unnest(d.message_ids) as u(id) limit 10000) as o join email_queue_private.message as m on m.id = o.id
  )
  select coalesce(jsonb_agg(to_jsonb(s) order by s.type, s.priority), '[]') from (
    select p.type collate "C" as type, p.priority, count(*) filter (where p.state = 'pending') as pending, count(*) filter (where p.state = 'scheduled') as scheduled,
      count(*) filter (where p.state = 'retrying') as retrying, count(*) filter (where p.state = 'processing') as processing,
      floor(extract(epoch from statement_timestamp() - min(p.due) filter (where p.due <= statement_timestamp()))) as oldest_due_seconds
    from place as p group by p.type collate "C", p.priority) as s
$$;
comment on function email_queue_private.depth_by_priority() is 'What waits and is being sent, by type and priority.';
