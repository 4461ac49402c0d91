-- The first ready row of each lane and priority that is due, priority by priority: one index probe each (a loose index scan). With a limit: only
-- in the best priority that has any, from the lanes after p_after on and around, until so many are found whose domain is not refused, and as many that are.
-- With p_until in the future: what is scheduled, too. With p_priority: only in that one.
create function email_queue_private.heads(
  p_type text, p_until timestamptz, p_closed text[] default null, p_limit integer default null, p_after text default '',
  p_priority integer default null
) returns table (lane text, priority smallint, run_at timestamptz, refused boolean)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  -- Most queues have no paused domain: then no lane is looked up.
  v_paused boolean := exists (select 1 from email_queue_private.paused_domain);
  v_domain email_queue_private.paused_domain;
  v_any boolean := false;
  v_found integer := 0;
  v_refused integer := 0;
  v_around boolean;
begin
  for v_priority in coalesce(p_priority, 0)..coalesce(p_priority, {{LAST_PRIORITY}}) loop
    priority := v_priority;
    lane := p_after;
    v_around := p_after = '';
    loop
      -- One search finds the next lane and its head: what claims have left in the index since the last vacuum is walked once.
      select r.lane, r.run_at into lane, run_at from email_queue_private.ready as r
      where r.type = p_type and r.priority = v_priority and r.lane > heads.lane order by r.lane, r.run_at limit 1;
      if not found and not v_around then
        lane := '';
        v_around := true;
        continue;
      end if;
      exit when not found or v_around and p_after <> '' and lane collate "C" > p_after;
      if p_closed is not null and email_queue_private.is_closed(lane, p_closed) then
        -- Of a closed endpoint no other lane is looked at: ";" comes after ":".
        if email_queue_private.endpoint_of(lane) = any (p_closed) then
          lane := split_part(lane, ':', 1) || ';';
        end if;
        continue;
      end if;
      continue when run_at > p_until;
      refused := false;
      if v_paused then
        select p.* into v_domain from email_queue_private.paused_domain as p where p.domain = split_part(lane, ':', 2);
        continue when found and email_queue_private.pauses(v_domain);
        refused := coalesce(v_domain.refusals > 0, false);
      end if;
      v_any := true;
      v_found := v_found + (not refused)::integer;
      v_refused := v_refused + refused::integer;
      continue when refused and v_refused > p_limit;
      return next;
      exit when v_found = p_limit;
    end loop;
    exit when v_any and p_limit is not null;
  end loop;
end
$$;
comment on function email_queue_private.heads(text, timestamptz, text[], integer, text, integer) is 'The first due row of each lane that is neither paused nor closed, by priority.';
