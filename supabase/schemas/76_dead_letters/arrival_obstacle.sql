-- A request that was lost on its way could still arrive as long as its key is good; the dispatch knows until when, and stays a day.
-- Without it, or without keys, a day after the end is late enough. The last 5 minutes are for clocks that differ.
create function email_queue_private.arrival_obstacle(p_message email_queue_private.message) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_until timestamptz := interval '5 minutes' + greatest(p_message.completed_at, coalesce(
    (select d.horizon_at from email_queue_private.dispatch as d where d.id = p_message.dispatch_id), p_message.completed_at + interval '1 day'));
begin
  return case
    when p_message.type <> 'email' then 'it is no e-mail'
    when v_until > clock_timestamp() then format('its request may still arrive until %s', to_char(v_until at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  end;
end
$$;
comment on function email_queue_private.arrival_obstacle(email_queue_private.message) is 'Why the provider may still accept a message whose outcome is unknown; null if it cannot.';
