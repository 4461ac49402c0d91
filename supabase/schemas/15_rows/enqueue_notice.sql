-- To look costs as much as an insert. So a session that found that something calls the function looks again in the next second. A setting
-- of somebody else's under this name hides the notice, and nothing else.
create function email_queue_private.enqueue_notice() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_second text := date_part('epoch', statement_timestamp())::bigint;
  v_notice jsonb := '{}'::jsonb;
begin
  if current_setting('email_queue.connected', true) is distinct from v_second then
    v_notice := email_queue_private.connection_notice();
    if v_notice = '{}' then
      perform set_config('email_queue.connected', v_second, false);
    end if;
  end if;
  return v_notice;
end
$$;
comment on function email_queue_private.enqueue_notice() is 'connection_notice(), as an enqueue asks for it.';
