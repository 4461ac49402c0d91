-- Takes back wrong rights, as a dump without its grants or a "grant all on all functions" leaves them. Answers what was wrong, or
-- null.
create function email_queue_private.mend_grants() returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text := email_queue_private.wrong_grants();
begin
  if v_wrong is not null then
    call email_queue_private.apply_grants();
    raise warning 'email_queue: grants were wrong and have been corrected: %', left(v_wrong, 1000);
  end if;
  return v_wrong;
end
$$;
comment on function email_queue_private.mend_grants() is 'Corrects wrong grants, and answers what was wrong.';
