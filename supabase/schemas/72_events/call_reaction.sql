-- The user's function, with the database's usual search_path. It has a block of its own: whatever it does wrong, also by a constraint that
-- is checked at the commit, undoes what it did and not the event.
create function email_queue_private.call_reaction(p_function text, p_event jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '1s'
as $$
declare
  v_name text[] := parse_ident(p_function);
  v_path text := (select s.reset_val from pg_catalog.pg_settings as s where s.name = 'search_path');
  v_fault text := email_queue_private.reaction_fault(p_function);
begin
  if v_fault is not null then
    raise exception using message = v_fault;
  end if;
  perform pg_catalog.set_config('search_path', v_path, true);
  execute pg_catalog.format('select %I.%I($1)', v_name[1], v_name[2]) using p_event;
  set constraints all immediate;
exception when query_canceled or assert_failure or others then
  update email_queue_private.reaction
  set failures = failures + 1, failed_at = clock_timestamp(), error = left(sqlerrm, 1000) || ' (' || sqlstate || ')'
  where singleton in (select r.singleton from email_queue_private.reaction as r for update skip locked);
end
$$;
comment on function email_queue_private.call_reaction(text, jsonb) is 'Calls the user''s function with an event; an error is noted and loses nothing.';
