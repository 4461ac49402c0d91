create function public.email_queue_call(p_cause text default 'hand') returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
begin
  perform email_queue_private.check_caller();
  if p_cause is null or p_cause not in ('schedule', 'wake', 'hand') then
    perform email_queue_private.refuse('cause', 'must be schedule, wake or hand');
  end if;
  delete from email_queue_private.call where request_id in (
    select c.request_id from email_queue_private.call as c where c.called_at < clock_timestamp() - interval '6 hours' order by c.called_at limit 100);
  if p_cause = 'schedule' and email_queue_private.is_listened_to() then
    return jsonb_build_object('request_id', null, 'listening', true);
  end if;
  return jsonb_build_object('request_id', email_queue_private.call_function(p_cause));
end
$$;
comment on function public.email_queue_call(text) is 'Starts a run of the function through pg_net, as the schedule does. email_queue_doctor shows the outcome.';
