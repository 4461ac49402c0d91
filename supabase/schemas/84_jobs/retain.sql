-- Every ten minutes: deletes what is past its retention, and restores lost grants. It goes on for some seconds, since ten
-- thousand messages in ten minutes would be 43 million in a month.
create function email_queue_private.retain() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_end timestamptz := clock_timestamp() + {{RETAIN_MS}} * interval '1 millisecond';
  v_page jsonb;
  v_deleted bigint := 0;
  v_erased bigint := 0;
begin
  perform email_queue_private.mend_grants();
  -- Another prune is at work.
  perform 1 from email_queue_private.prune_cursor as c for update skip locked;
  if not found and exists (select 1 from email_queue_private.prune_cursor) then
    return jsonb_build_object('deleted', 0, 'erased', 0, 'more', true);
  end if;
  loop
    v_page := email_queue_private.prune(10000);
    v_deleted := v_deleted + (v_page ->> 'deleted')::bigint;
    v_erased := v_erased + (v_page ->> 'erased')::bigint;
    exit when not (v_page ->> 'more')::boolean or clock_timestamp() >= v_end;
  end loop;
  return jsonb_build_object('deleted', v_deleted, 'erased', v_erased, 'more', v_page -> 'more');
end
$$;
comment on function email_queue_private.retain() is 'The retention job: prunes, and puts grants right.';
