-- The lanes of a type that have ready rows and are not paused: one index probe a lane (a loose index scan).
create function email_queue_private.lanes(p_type text, p_closed text[] default null) returns setof text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_lane text := '';
begin
  loop
    select r.lane into v_lane from email_queue_private.ready as r where r.type = p_type and r.lane > v_lane order by r.lane limit 1;
    exit when not found;
    continue when email_queue_private.is_paused(v_lane) or email_queue_private.is_closed(v_lane, p_closed);
    return next v_lane;
  end loop;
end
$$;
comment on function email_queue_private.lanes(text, text[]) is 'The lanes of a type with ready rows, without those of paused domains and closed scopes.';
