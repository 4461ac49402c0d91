create function public.email_queue_pause(p_reason text, p_domain text default null, p_seconds integer default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_until timestamptz := clock_timestamp() + p_seconds * interval '1 second';
begin
  if p_reason = '' then
    perform email_queue_private.refuse('reason', 'must be a text that says why');
  end if;
  -- A mistyped domain would look paused, and would not be.
  if email_queue_private.bare_address_fault('x@' || p_domain) is not null then
    perform email_queue_private.refuse('domain', 'must be a sender''s domain, as in example.com');
  end if;
  if p_seconds < 1 then
    perform email_queue_private.refuse('seconds', 'must be a whole number above 0');
  end if;
  if p_domain is null then
    perform email_queue_private.lock_budget();
    update email_queue_private.budget
    set paused_at = clock_timestamp(), paused_until = v_until, pause_reason = coalesce(p_reason, 'paused by an operator')
    where singleton;
  else
    insert into email_queue_private.paused_domain (domain, paused_at, paused_until, reason)
    values (lower(p_domain collate "C"), clock_timestamp(), v_until, coalesce(p_reason, 'paused by an operator'))
    on conflict (domain) do update
    set paused_at = excluded.paused_at, paused_until = excluded.paused_until, reason = excluded.reason, refusals = 0, first_refused_at = null;
  end if;
  perform email_queue_private.note_action('pause', null, jsonb_build_object('domain', lower(p_domain collate "C"), 'seconds', p_seconds));
  return jsonb_build_object('domain', lower(p_domain collate "C"), 'paused_until', v_until);
end
$$;
comment on function public.email_queue_pause(text, text, integer) is 'Pauses the queue, or one sender domain, for some seconds or until resumed.';
