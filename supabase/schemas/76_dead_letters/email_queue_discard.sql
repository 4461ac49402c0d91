create function public.email_queue_discard(
  p_ids uuid[] default null, p_filter jsonb default null, p_dry_run boolean default false, p_limit integer default {{MAX_PAGE}}
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_filter jsonb := email_queue_private.check_filter(p_filter, true);
  v_ids uuid[];
begin
  if p_ids is null and p_filter is null then
    perform email_queue_private.refuse('ids', 'is missing: give ids, or a filter ({} for all dead letters)');
  end if;
  select coalesce(array_agg(m.id), array[]::uuid[]) into v_ids from (
    select m.id from email_queue_private.message as m
    where m.id = any (array(select d.id from email_queue_private.dead_letters(p_ids, v_filter, null, false, p_limit) as d))
      and m.status = 'failed'
    order by m.id for update
  ) as m;
  if not coalesce(p_dry_run, false) then
    delete from email_queue_private.body where id = any (v_ids);
    delete from email_queue_private.further_addressee where id = any (v_ids);
    delete from email_queue_private.event where message_id = any (v_ids);
    delete from email_queue_private.message where id = any (v_ids);
    if v_ids <> '{}' then
      perform email_queue_private.note_action('discard', cardinality(v_ids), email_queue_private.first_ids(v_ids) || email_queue_private.noted_filter(p_filter));
    end if;
  end if;
  return jsonb_build_object('dry_run', coalesce(p_dry_run, false), 'discarded', to_jsonb(v_ids));
end
$$;
comment on function public.email_queue_discard(uuid[], jsonb, boolean, integer) is
  'Deletes dead letters for good, at most {{MAX_PAGE}} a call. Answers {dry_run, discarded: [id]}.';
