-- Why nothing may be claimed now, or null. The begins of the same call (p_begins) are still to come, and take slots.
create function email_queue_private.claim_obstacle(
  p_budget email_queue_private.budget, p_setting email_queue_private.setting, p_begins jsonb, p_max_wait interval
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_rate numeric := email_queue_private.request_rate(p_budget, p_setting);
  v_slot timestamptz := email_queue_private.next_slot(v_rate);
  v_begins integer := coalesce(jsonb_array_length(p_begins), 0);
  v_obstacle jsonb := email_queue_private.obstacle(p_budget, v_slot, v_now, p_max_wait);
begin
  if v_obstacle is null and v_begins > 0 then
    v_slot := greatest(v_slot, p_budget.cooldown_until, v_now)
      + v_begins * interval '1 second' / v_rate::double precision;
    v_obstacle := email_queue_private.obstacle(p_budget, v_slot, v_now, p_max_wait);
  end if;
  return v_obstacle;
end
$$;
comment on function email_queue_private.claim_obstacle(email_queue_private.budget, email_queue_private.setting, jsonb, interval) is 'What keeps a claim from being sent within a wait, after the begins of the same call.';
