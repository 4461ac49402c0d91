-- Whether the sender domain of a lane is paused.
create function email_queue_private.is_paused(p_lane text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from email_queue_private.paused_domain as p
    where p.domain = split_part(p_lane, ':', 2) and email_queue_private.pauses(p));
end
$$;
comment on function email_queue_private.is_paused(text) is 'Whether the sender domain of a lane is paused.';
