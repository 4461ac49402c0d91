-- One session at a time writes the filter, until its transaction ends. The others do not wait: their entries stay unfolded, and the
-- next session that adds one folds them, too.
create function email_queue_private.may_fold() returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  lock table email_queue_private.suppression_filter in share row exclusive mode nowait;
  return true;
exception when lock_not_available then
  return false;
end
$$;
comment on function email_queue_private.may_fold() is 'Whether this session may write suppression_filter.';
