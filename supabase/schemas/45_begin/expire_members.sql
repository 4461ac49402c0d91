-- Takes members out of a dispatch whose send_before has passed before its first begin. Answers their ids.
create function email_queue_private.expire_members(p_dispatch email_queue_private.dispatch) returns uuid[]
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  select array_agg(m.id) into v_ids from email_queue_private.message as m
  where m.id = any (p_dispatch.message_ids) and m.send_before <= clock_timestamp();
  if v_ids is not null then
    perform email_queue_private.fail_members(p_dispatch, v_ids, 'expired', null);
    if cardinality(v_ids) = cardinality(p_dispatch.message_ids) then
      perform email_queue_private.close_dispatch(p_dispatch);
    else
      perform email_queue_private.drop_members(p_dispatch, v_ids);
    end if;
  end if;
  return v_ids;
end
$$;
comment on function email_queue_private.expire_members(email_queue_private.dispatch) is 'Fails members that are no longer worth sending.';
