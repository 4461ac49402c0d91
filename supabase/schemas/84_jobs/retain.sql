-- Every ten minutes: deletes what is past its retention, and restores lost grants and hints.
create function email_queue_private.retain() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.mend_grants();
  perform email_queue_private.mend_lanes();
  return email_queue_private.prune(10000);
end
$$;
comment on function email_queue_private.retain() is 'The retention job: prunes, and puts grants and hints right.';
