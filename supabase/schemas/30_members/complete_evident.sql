-- A frozen dispatch all of whose members were accepted needs no replay. p_dispatch is locked by the caller. What the events say about
-- the provider is old: the circuit breaker learns nothing from it.
create function email_queue_private.complete_evident(p_dispatch email_queue_private.dispatch) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_dispatch.type <> 'email' or exists (select 1 from unnest(p_dispatch.message_ids) as u(id)
    where not exists (select 1 from email_queue_private.evidence_of(u.id, coalesce(p_dispatch.mark, ''))))
  then
    return false;
  end if;
  perform email_queue_private.complete_members(p_dispatch, p_dispatch.message_ids);
  perform email_queue_private.close_dispatch(p_dispatch);
  return true;
end
$$;
comment on function email_queue_private.complete_evident(email_queue_private.dispatch) is 'Ends a frozen dispatch if each of its members has evidence; says whether it did.';
