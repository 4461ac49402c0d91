-- p_only_first: not if there is a mark. One at a time, so that two calls do not both mint the first.
create function email_queue_private.mint_mark(p_only_first boolean) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  lock table email_queue_private.mark in share row exclusive mode;
  insert into email_queue_private.mark (mark, minted_at)
  select left(replace(gen_random_uuid()::text, '-', ''), 12), clock_timestamp()
  where not p_only_first or email_queue_private.current_mark() is null;
end
$$;
comment on function email_queue_private.mint_mark(boolean) is 'Gives this installation a new mark: it is one that may send.';
