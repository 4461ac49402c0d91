create function public.email_queue_schedule(p_every text default '10 seconds') returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_line text;
  v_job record;
  v_changed boolean := false;
begin
  perform email_queue_private.check_caller();
  v_line := email_queue_private.cron_line(p_every);
  perform email_queue_private.need_extension('pg_cron'), email_queue_private.need_extension('pg_net'),
    email_queue_private.vault_secret('email_queue_url'), email_queue_private.vault_secret('email_queue_secret');
  for v_job in select * from email_queue_private.jobs() loop
    v_changed := email_queue_private.ensure_job(v_job.name, case when v_job.line is null then v_line end, v_job.line, v_job.command) or v_changed;
  end loop;
  insert into email_queue_private.wiring default values on conflict do nothing;
  update email_queue_private.wiring
  set cron_line = v_line, scheduled_at = case when v_changed then clock_timestamp() else scheduled_at end
  where singleton and (v_changed or cron_line is distinct from v_line);
  v_changed := v_changed or found;
  if v_changed then
    perform email_queue_private.note_action('schedule', null, jsonb_build_object('schedule', v_line));
  end if;
  return jsonb_build_object('schedule', v_line, 'changed', v_changed);
end
$$;
comment on function public.email_queue_schedule(text) is
  'Makes pg_cron call the function at an interval ("10 seconds", "5 minutes", or a cron line), and do retention. Answers {schedule, changed}.';
