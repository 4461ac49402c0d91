set standard_conforming_strings = on;

-- What users read: the view public.email_queue, and functions that give the same as JSON.

create view public.email_queue with (security_invoker = true) as
select m.id, m.type,
  case
    when m.status is not null then m.status
    when r.id is null then 'processing'
    when r.attempts > 0 then 'retrying'
    else 'pending'
  end as status,
  b.payload, m.priority, coalesce(r.run_at, m.run_at) as run_at,
  coalesce(m.attempts, r.attempts, d.attempts, 0)::smallint as attempts, m.max_attempts,
  coalesce(m.dispatch_id, d.dispatch_id) as dispatch_id, d.lease_expires_at, m.dedup_key, m.metadata,
  case when e.errors is not null or m.status = 'failed'
    then coalesce(e.errors -> -1, '{}'::jsonb) || jsonb_build_object('reason', m.reason, 'history', e.errors) end as error,
  m.provider_message_id, m.created_at, coalesce(m.completed_at, d.updated_at, r.entered_at, m.created_at) as updated_at, m.completed_at,
  m.send_before
from email_queue_private.message as m
left join email_queue_private.body as b on b.id = m.id
left join email_queue_private.ready as r on r.id = m.id and m.status is null
left join (
  select u.id, o.id as dispatch_id, u.attempts + o.attempt as attempts, o.updated_at,
    case when o.token is not null then o.visible_at end as lease_expires_at,
    email_queue_private.append_errors(o.member_errors -> u.id::text, o.errors) as errors
  from (
    -- One index each: a day of settled dispatches is not read.
    select * from email_queue_private.dispatch where token is not null
    union all
    select * from email_queue_private.dispatch where token is null and settled_at is null
  ) as o cross join lateral unnest(o.message_ids, o.member_attempts) as u(id, attempts)
) as d on d.id = m.id and m.status is null
cross join lateral (select coalesce(m.errors, r.errors, d.errors) as errors) as e;
comment on view public.email_queue is 'The queue, one row a message. Read only: enqueue with email_queue_enqueue.';
comment on column public.email_queue.id is 'The message''s id, ordered by time.';
comment on column public.email_queue.type is 'email, or a custom consumer''s type.';
comment on column public.email_queue.status is 'pending, processing, retrying, completed, failed or cancelled.';
comment on column public.email_queue.payload is 'What to send; it never changes after enqueue.';
comment on column public.email_queue.priority is '0 (first) to 3.';
comment on column public.email_queue.run_at is 'Not before this time: as asked for, or after a backoff.';
comment on column public.email_queue.attempts is 'Attempts used: one a provider request that it was in. More than max_attempts where a message of the same request, which may have been sent, may use more: such a request is repeated whole.';
comment on column public.email_queue.max_attempts is 'Attempts it may use before it fails.';
comment on column public.email_queue.dispatch_id is 'The provider request that it is or was part of; the Idempotency-Key is email-queue/<this>.';
comment on column public.email_queue.lease_expires_at is 'Until when a worker holds it.';
comment on column public.email_queue.dedup_key is 'Unique per type while the row exists.';
comment on column public.email_queue.metadata is 'The caller''s own data: an object. Searching it with @> uses an index.';
comment on column public.email_queue.error is 'The last error {class, status, name, message, at, attempt}, the reason it failed for, and the history of up to ten.';
comment on column public.email_queue.provider_message_id is 'The provider''s id of the accepted e-mail.';
comment on column public.email_queue.created_at is 'When it was enqueued.';
comment on column public.email_queue.updated_at is 'When it changed last.';
comment on column public.email_queue.completed_at is 'When it ended.';
comment on column public.email_queue.send_before is 'Fails as expired if it has not begun by then.';

create function public.email_queue_get(p_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
as $$
  select to_jsonb(q) from public.email_queue as q where q.id = p_id
$$;
comment on function public.email_queue_get(uuid) is 'One message as JSON; null where there is none.';

-- Ids are ordered by the time of enqueue, so a time is a place among them.
create function email_queue_private.first_id(p_time timestamptz) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when p_time is not null
    then (lpad(to_hex(greatest(0, extract(epoch from p_time) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid end
$$;
comment on function email_queue_private.first_id(timestamptz) is 'The least id that a message enqueued at this time or later can have.';

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

-- The same of those whose metadata contains p_metadata. What many have is found among the newest, which are looked at first;
-- what few have, by its index: all of it is put into a list, since for a page of it the planner would walk down from the newest,
-- through all of them where nothing is left to find.
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

-- Planned for the values of each call: a plan that is kept knows neither how many have some metadata nor where a page begins, and
-- reads all of them.
create function public.email_queue_list(
  p_status text, p_type text default null, p_limit integer default 100, p_before uuid default null,
  p_since timestamptz default null, p_until timestamptz default null, p_metadata jsonb default null
) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set plan_cache_mode = force_custom_plan
as $$
declare
  v_limit integer := least(greatest(p_limit, 1), 1000);
  v_from uuid := email_queue_private.first_id(p_since);
  v_before uuid := least(p_before, email_queue_private.first_id(p_until));
  v_ids uuid[] := case when p_metadata is null
    then array(select i from email_queue_private.ids_by_status(p_status, p_type, v_limit, v_from, v_before) as i)
    else array(select i from email_queue_private.ids_by_metadata(p_metadata, p_status, p_type, v_limit, v_from, v_before) as i) end;
begin
  return (select coalesce(jsonb_agg(to_jsonb(q) order by q.id desc), '[]'::jsonb) from public.email_queue as q where q.id = any (v_ids));
end
$$;
comment on function public.email_queue_list(text, text, integer, uuid, timestamptz, timestamptz, jsonb) is
  'Messages in a status, newest first, as a JSON list of at most 1000; p_before (an id) continues a page; p_since and p_until bound the time of enqueue; p_metadata is what their metadata contains.';

call email_queue_private.apply_grants();
