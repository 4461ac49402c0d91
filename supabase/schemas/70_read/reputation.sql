-- Of the e-mails that were enqueued in the last day and week and were accepted. The newest 50,000 messages stand for all. An e-mail counts once,
-- however many of its recipients bounced.
create function email_queue_private.reputation() returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_day uuid := email_queue_private.first_id(statement_timestamp() - interval '1 day');
  v_week uuid := email_queue_private.first_id(statement_timestamp() - interval '7 days');
  v_first uuid;
  v_all boolean;
  v_accepted bigint[];
  v_bounced bigint[];
  v_complained bigint[];
begin
  select m.id into v_first from email_queue_private.message as m where m.id >= v_week order by m.id desc offset 49999 limit 1;
  v_all := v_first is null;
  v_first := coalesce(v_first, v_week);
  select array[count(*) filter (where m.id >= v_day), count(*)] into v_accepted
  from email_queue_private.message as m where m.id >= v_first and m.status = 'completed' and m.type = 'email';
  select array[count(distinct e.message_id) filter (where e.message_id >= v_day and e.type = 'email.bounced'), count(distinct e.message_id) filter (where e.type = 'email.bounced')],
    array[count(distinct e.message_id) filter (where e.message_id >= v_day and e.type = 'email.complained'), count(distinct e.message_id) filter (where e.type = 'email.complained')]
  into v_bounced, v_complained
  from email_queue_private.event as e
  where e.type in ('email.bounced', 'email.failed', 'email.suppressed', 'email.complained') and e.message_id >= v_first;
  return jsonb_build_object('day', jsonb_build_object('accepted', v_accepted[1], 'bounced', v_bounced[1], 'complained', v_complained[1], 'all', v_all or v_first <= v_day),
    'week', jsonb_build_object('accepted', v_accepted[2], 'bounced', v_bounced[2], 'complained', v_complained[2], 'all', v_all));
end
$$;
comment on function email_queue_private.reputation() is 'How many accepted e-mails bounced or were marked as spam.';
