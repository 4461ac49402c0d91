create function public.email_queue_resume(p_domain text default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_resumed boolean;
begin
  -- The queue goes on only if no domain is named.
  if email_queue_private.bare_address_fault('x@' || p_domain) is not null then
    perform email_queue_private.refuse('domain', 'must be a sender''s domain, as in example.com');
  end if;
  if p_domain is null then
    -- A replay that was told to wait for a quota would otherwise wait on, past its horizon perhaps.
    update email_queue_private.dispatch
    set visible_at = clock_timestamp()
    where id = any (array(
      select d.id from email_queue_private.dispatch as d
      where d.frozen and d.token is null and d.visible_at > clock_timestamp() order by d.id for update));
    perform email_queue_private.lock_budget();
    delete from email_queue_private.breaker where scope is not null;
    v_resumed := found;
    update email_queue_private.budget
    set paused_at = null, paused_until = null, pause_reason = null, cooldown_until = null, cooldown_reason = null
    where paused_at is not null or cooldown_until > clock_timestamp();
    v_resumed := v_resumed or found;
  else
    delete from email_queue_private.paused_domain where domain = lower(p_domain collate "C");
    v_resumed := found;
  end if;
  if v_resumed then
    perform email_queue_private.note_action('resume', null, jsonb_build_object('domain', lower(p_domain collate "C")));
  end if;
  return jsonb_build_object('domain', lower(p_domain collate "C"), 'resumed', v_resumed);
end
$$;
comment on function public.email_queue_resume(text) is 'Ends a pause of the queue (and its cooldown, the circuit breaker, and the wait of frozen dispatches), or of one sender domain.';
