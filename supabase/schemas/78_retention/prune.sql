-- Retention: messages that have ended are deleted after a time, their payloads perhaps earlier. With a plan that knows the lists: one that was
-- made for a few rows compares each row with each of ten thousand ids.

create function email_queue_private.prune(p_limit integer) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set plan_cache_mode = force_custom_plan
as $$
declare
  v_setting email_queue_private.setting;
  v_after uuid;
  v_read uuid[];
  v_old uuid[];
  v_bare uuid[];
  v_open uuid[];
  v_erased bigint;
  v_limit integer := least(greatest(coalesce(p_limit, 1000), 1), 10000);
  v_until uuid;
  v_noted uuid;
begin
  v_setting := email_queue_private.settings();
  -- No message ended before its id was made, so younger ids need not be read.
  v_until := email_queue_private.first_id(clock_timestamp() - least(v_setting.completed_retention, v_setting.failed_retention,
    v_setting.payload_retention));
  -- Events are delivered again for some days. After that, what was removed need not be remembered.
  delete from email_queue_private.suppression
  where id = any (array(
    select s.id from email_queue_private.suppression as s
    where s.removed_at < clock_timestamp() - interval '90 days' order by s.removed_at limit v_limit for update skip locked));
  v_noted := email_queue_private.first_id(clock_timestamp() - v_setting.audit_retention);
  delete from email_queue_private.audit
  where id = any (array(
    select a.id from email_queue_private.audit as a
    where a.id < v_noted order by a.id limit v_limit for update skip locked));
  -- Two prunes at once would read the same rows: the second has nothing to do.
  insert into email_queue_private.prune_cursor default values on conflict do nothing;
  select c.after into v_after from email_queue_private.prune_cursor as c for update skip locked;
  if not found then
    return jsonb_build_object('deleted', 0, 'erased', 0, 'more', true);
  end if;
  select array_agg(m.id order by m.id),
    array_agg(m.id) filter (where m.completed_at < clock_timestamp()
      - case when m.status = 'completed' then v_setting.completed_retention else v_setting.failed_retention end),
    array_agg(m.id) filter (where m.status = 'completed' and m.completed_at < clock_timestamp() - v_setting.payload_retention)
  into v_read, v_old, v_bare
  from (select * from email_queue_private.message as m where m.id > v_after and m.id < v_until order by m.id limit v_limit) as m;

  v_open := email_queue_private.open_members(v_old || v_bare);
  -- Locked, and looked at again: a redrive may have come between.
  select array_agg(m.id) into v_old from (
    select m.id from email_queue_private.message as m
    where m.id = any (v_old) and m.completed_at < clock_timestamp() - least(v_setting.completed_retention, v_setting.failed_retention)
      and m.id <> all (v_open)
    order by m.id for update skip locked) as m;
  delete from email_queue_private.body as b where b.id = any (v_bare) and (v_old is null or b.id <> all (v_old)) and b.id <> all (v_open);
  get diagnostics v_erased = row_count;
  delete from email_queue_private.body as b where b.id = any (v_old);
  delete from email_queue_private.further_addressee as f where f.id = any (v_old);
  delete from email_queue_private.event as e where e.message_id = any (v_old);
  delete from email_queue_private.message as m where m.id = any (v_old);
  delete from email_queue_private.event where svix_id in (
    select e.svix_id from email_queue_private.event as e
    where e.message_id is null and e.received_at < clock_timestamp() - v_setting.failed_retention order by e.received_at limit v_limit);
  -- At the end, or at ids too young for anything, it starts again from the first.
  update email_queue_private.prune_cursor
  set after = case when coalesce(cardinality(v_read), 0) < v_limit then '00000000-0000-0000-0000-000000000000'::uuid else v_read[v_limit] end
  where singleton;
  return jsonb_build_object('deleted', coalesce(cardinality(v_old), 0), 'erased', v_erased, 'more', coalesce(cardinality(v_read), 0) = v_limit);
end
$$;
comment on function email_queue_private.prune(integer) is 'Looks at the next p_limit messages, and deletes or erases what is past its time.';
