create function public.email_queue_unschedule() returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_name text;
  v_removed boolean := false;
  v_changed boolean;
begin
  perform email_queue_private.check_caller();
  if email_queue_private.has_extension('pg_cron') then
    for v_name in select j.name from email_queue_private.jobs() as j loop
      v_removed := email_queue_private.remove_job(v_name) or v_removed;
    end loop;
  end if;
  update email_queue_private.wiring set cron_line = null, scheduled_at = null where cron_line is not null;
  v_changed := found;
  perform set_config('email_queue.connected', '', false); -- See note_enqueue.
  if v_removed or v_changed then
    perform email_queue_private.note_action('unschedule', null, '{}');
  end if;
  return jsonb_build_object('removed', v_removed);
end
$$;
comment on function public.email_queue_unschedule() is 'Removes the jobs of email_queue_schedule. Answers {removed}.';
