-- The doctor's checks of identity: may the function send from this database, and does the database call that function?

create function email_queue_private.doctor_identity() returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_pause jsonb := email_queue_private.copy_pause();
  v_owner text;
  v_moved boolean;
  v_refused email_queue_private.identity;
  v_reported text;
  v_called text;
  v_calls boolean := email_queue_private.wakes() or (email_queue_private.wiring_now()).cron_line is not null;
  v_other boolean;
  v_adopt text := 'select email_queue_adopt();';
begin
  perform email_queue_private.check_caller();
  select string_agg(distinct i.address, ', '), bool_or(i.server <> email_queue_private.this_server() and not email_queue_private.is_local_address(i.address))
  into v_owner, v_moved from email_queue_private.identity as i where i.kind = 'recorded';
  select * into v_refused from email_queue_private.identity as i where i.kind = 'refused' order by i.seen_at desc limit 1;
  return next case
    when v_pause is not null then email_queue_private.finding('identity', v_pause ->> 'reason', null,
      'If this is a copy that must not send, do nothing. If this database may send the mail that waits in it: ' || v_adopt)
    when v_refused.seen_at > statement_timestamp() - interval '1 day' then email_queue_private.finding('identity',
      format('this is the queue of %s; the function of %s asked for mail at %s and was refused', v_owner, v_refused.address, v_refused.seen_at), null,
      format('Stop that function. If %s is this project''s new address: %s', v_refused.address, v_adopt), 'warn')
    when v_moved then email_queue_private.finding('identity', format('this is the queue of %s, but on another server than before', v_owner), null,
      'This is normal after a major upgrade or a restore in place. To end the warning: ' || v_adopt, 'warn')
    else email_queue_private.finding('identity', null, coalesce('this is the queue of ' || v_owner, 'no function has asked yet')) end;

  select i.address into v_reported from email_queue_private.identity as i where i.kind <> 'adopt' order by i.seen_at desc limit 1;
  if email_queue_private.has_extension('supabase_vault') then
    v_called := email_queue_private.identity_address((email_queue_private.read_secret('email_queue_url')).secret);
  end if;
  if v_called is null then
    return;
  end if;
  v_other := v_calls and email_queue_private.is_other_project(v_called, v_reported);
  return next email_queue_private.finding('function address',
    case when v_other then format('this database calls the function of %s, but its own is the function of %s, which gets no calls. The other function works on its own project''s database', v_called, v_reported)
      end, 'this database calls ' || v_called,
    'To stop the calls: select email_queue_unschedule(), email_queue_wake(false); To have this database call its own function: email-queue deploy', 'fail', jsonb_build_object('host', v_called, 'calls', v_calls));
end
$$;
comment on function email_queue_private.doctor_identity() is 'Whose queue this is, and whose function it calls.';
