-- Dead letters: list, redrive, discard. A filter is {type, reason, since, until, text, metadata}: since and until bound the
-- time at which the message failed, text is looked for in its last error's status, name and message, metadata is contained in the message's own. Who acts on all that
-- fit, page by page, goes on with {after: the last id}: what was refused would be taken again.
-- Bounded: each call takes at most {{MAX_PAGE}} messages.

-- Oldest first, so that repeated calls of a bounded redrive get through all of them. strpos, not like: % and _ in a
-- text mean themselves. All messages with some metadata are found first: a walk in the order of the ids could go through all dead
-- letters. Each call is planned for its values, so that conditions which it does not use are left out.
create function email_queue_private.dead_letters(p_ids uuid[], p_filter jsonb, p_before uuid, p_newest boolean, p_limit integer)
returns setof email_queue_private.message
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set datestyle = 'ISO, YMD'
as $$
declare
  v_metadata jsonb := nullif(p_filter -> 'metadata', 'null'::jsonb);
begin
  return query select m.* from email_queue_private.message as m
  where m.reason is not null and m.status = 'failed' and (p_ids is null or m.id = any (p_ids)) and (p_before is null or m.id < p_before)
    and (p_filter ->> 'after' is null or m.id > (p_filter ->> 'after')::uuid)
    and (p_filter ->> 'type' is null or m.type = p_filter ->> 'type')
    and (p_filter ->> 'reason' is null or m.reason = p_filter ->> 'reason')
    and (p_filter ->> 'since' is null or m.completed_at >= (p_filter ->> 'since')::timestamptz)
    and (p_filter ->> 'until' is null or m.completed_at < (p_filter ->> 'until')::timestamptz)
    and (p_filter ->> 'text' is null or strpos(lower(concat_ws(' ', m.errors -> -1 ->> 'status', m.errors -> -1 ->> 'name', m.errors -> -1 ->> 'message') collate "C"), lower((p_filter ->> 'text') collate "C")) > 0)
    and (v_metadata is null or m.id = any (array(
      select o.id from email_queue_private.message as o where o.metadata @> v_metadata and o.reason is not null and o.status = 'failed')))
  order by case when p_newest then m.id end desc, case when not p_newest then m.id end
  limit least(greatest(p_limit, 0), {{MAX_PAGE}});
end
$$;
comment on function email_queue_private.dead_letters(uuid[], jsonb, uuid, boolean, integer) is 'Failed messages that fit ids and filter.';
