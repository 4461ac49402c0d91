-- p_obstacle: of the whole call. p_apart: one that fails leaves the others standing. After one has waited for a pause without success
-- (p_stuck), the others would too, until the statement's time is over and the settles are undone.
create function email_queue_private.begin_all(
  p_begins jsonb, p_setting email_queue_private.setting, p_obstacle jsonb, p_apart boolean, p_stuck text
) returns jsonb[]
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_item jsonb;
  v_stuck text := p_stuck;
  v_answers jsonb[] := array[]::jsonb[];
begin
  for v_item in select e from jsonb_array_elements(p_begins) as e loop
    if p_obstacle is not null then
      v_answers := v_answers || (p_obstacle || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id'));
    elsif v_stuck is not null then
      v_answers := v_answers || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'state', 'error', 'reason', v_stuck);
    elsif p_apart then
      begin
        v_answers := v_answers || email_queue_private.begin_dispatch(v_item, p_setting);
      exception when query_canceled or others then
        v_stuck := case when sqlstate in ('55P03', '57014') then sqlerrm end;
        v_answers := v_answers || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'state', 'error', 'reason', sqlerrm);
      end;
    else
      v_answers := v_answers || email_queue_private.begin_dispatch(v_item, p_setting);
    end if;
  end loop;
  return v_answers;
end
$$;
comment on function email_queue_private.begin_all(jsonb, email_queue_private.setting, jsonb, boolean, text) is 'The answers to the begins of a call.';
