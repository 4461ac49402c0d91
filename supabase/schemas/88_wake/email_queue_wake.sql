create function public.email_queue_wake(p_on boolean default true, p_every interval default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_every_ms integer;
  v_before integer := (email_queue_private.wiring_now()).wake_every_ms;
begin
  perform email_queue_private.check_caller();
  if p_on is null then
    perform email_queue_private.refuse('on', 'must be true or false');
  end if;
  if p_every is not null and p_every not between interval '100 milliseconds' and interval '1 hour' then
    perform email_queue_private.refuse('every', 'must be 100 milliseconds to 1 hour');
  end if;
  if p_on then
    perform email_queue_private.need_extension('pg_net'), email_queue_private.vault_secret('email_queue_url'),
      email_queue_private.vault_secret('email_queue_secret');
  end if;
  insert into email_queue_private.wiring default values on conflict do nothing;
  update email_queue_private.wiring set wake_every_ms = case when p_on then coalesce(extract(epoch from p_every) * 1000, wake_every_ms, 1000) end
  where singleton returning wake_every_ms into v_every_ms;
  perform setval('email_queue_private.next_wake', 0), set_config('email_queue.connected', '', false); -- See note_enqueue.
  if v_every_ms is distinct from v_before then
    perform email_queue_private.note_action('wake', null, jsonb_build_object('on', p_on, 'every_ms', v_every_ms));
  end if;
  return jsonb_build_object('on', p_on, 'every_ms', v_every_ms);
end
$$;
comment on function public.email_queue_wake(boolean, interval) is
  'Makes an enqueue call the function at once, at most once in p_every (1 second by default) over all sessions. Answers {on, every_ms}.';
