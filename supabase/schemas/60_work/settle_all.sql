-- p_apart: one that fails leaves the others standing.
create function email_queue_private.settle_all(p_settles jsonb, p_apart boolean) returns jsonb[]
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_item jsonb;
  v_answers jsonb[] := array[]::jsonb[];
begin
  for v_item in select e from jsonb_array_elements(p_settles) as e loop
    if p_apart then
      begin
        v_answers := v_answers || email_queue_private.settle_dispatch(v_item);
      exception when others then
        v_answers := v_answers || jsonb_build_object('dispatch_id', v_item -> 'dispatch_id', 'result', 'error', 'reason', sqlerrm);
      end;
    else
      v_answers := v_answers || email_queue_private.settle_dispatch(v_item);
    end if;
  end loop;
  return v_answers;
end
$$;
comment on function email_queue_private.settle_all(jsonb, boolean) is 'The answers to the settles of a call.';
