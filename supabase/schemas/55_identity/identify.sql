-- Records the asking function, or refuses it.
create function email_queue_private.identify(p_address text, p_server text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_local boolean := email_queue_private.is_local_address(p_address);
  v_others text[];
  v_none boolean;
  v_at_work boolean;
  v_may boolean;
begin
  -- One at a time: two functions that ask an empty queue at once are not both recorded.
  lock table email_queue_private.identity in share row exclusive mode;
  select coalesce(array_agg(distinct i.address) filter (where i.address <> p_address or v_local and i.server <> p_server), '{}'), count(*) = 0,
    -- A function that was run by hand with another address does not take the place of the one that is at work here.
    coalesce(bool_or(i.last_server = p_server and i.address <> p_address and i.seen_at > clock_timestamp() - interval '15 minutes'), false)
  into v_others, v_none, v_at_work
  from email_queue_private.identity as i where i.kind = 'recorded';
  if not v_none and v_others = '{}' then
    return null; -- Another call has recorded it meanwhile.
  end if;
  v_may := case
    when not email_queue_private.has_open_mail() then not v_at_work
    when not v_none then false
    else exists (select 1 from email_queue_private.identity as i where i.kind = 'adopt' and i.server = p_server)
      or pg_catalog.pg_sequence_last_value('email_queue_private.enqueued_here') is not null
        and coalesce(pg_catalog.pg_sequence_last_value('email_queue_private.recorded_here') = email_queue_private.server_number(p_server), true) end;
  if v_may then
    delete from email_queue_private.identity where kind in ('recorded', 'adopt', 'refused');
    insert into email_queue_private.identity (kind, address, server, last_server) values ('recorded', p_address, p_server, p_server);
    perform setval('email_queue_private.recorded_here', email_queue_private.server_number(p_server));
    perform email_queue_private.mint_mark(false);
    return null;
  end if;
  update email_queue_private.identity set seen_at = clock_timestamp(), last_server = p_server where kind = 'refused' and address = p_address;
  if not found then
    insert into email_queue_private.identity (kind, address, server, last_server) values ('refused', p_address, p_server, p_server);
  end if;
  return email_queue_private.copy_reason(p_address, v_others);
end
$$;
comment on function email_queue_private.identify(text, text) is 'Records a function as the one that may send, or says why not.';
