create function email_queue_private.doctor_reaction() returns setof jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_reaction email_queue_private.reaction;
  v_fault text;
begin
  select * into v_reaction from email_queue_private.reaction as r where r.function is not null;
  if not found then
    return;
  end if;
  v_fault := email_queue_private.reaction_fault(v_reaction.function);
  return next email_queue_private.finding('on event', case
      when v_fault is not null then format('%s cannot be called with events: %s', v_reaction.function, v_fault)
      when v_reaction.failed_at > statement_timestamp() - interval '1 day'
        then format('%s has failed %s times, last at %s: %s', v_reaction.function, v_reaction.failures, v_reaction.failed_at, v_reaction.error) end,
    format('%s is called with each event', v_reaction.function),
    'Correct the function and name it again; the events are recorded all the same. To stop the calls: select email_queue_on_event(null);', 'warn');
end
$$;
comment on function email_queue_private.doctor_reaction() is 'Whether the function that is called with each event works.';
