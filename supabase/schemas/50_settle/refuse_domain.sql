-- The provider refuses mail of a sender domain. The pause doubles with each refusal, up to a day, so that many
-- unverified domains cost few requests. An operator's own pause stays. Mail that has waited for three days fails with the provider's
-- reason, and can be redriven once the domain is verified. Bounded: the rest fails with the next refusal.
create function email_queue_private.refuse_domain(p_domain text, p_ms bigint, p_reason text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_since timestamptz;
  v_late email_queue_private.ready[];
begin
  insert into email_queue_private.paused_domain as d (domain, paused_at, paused_until, reason, refusals, first_refused_at)
  values (p_domain, v_now, v_now + p_ms * interval '1 millisecond', p_reason, 1, v_now)
  on conflict (domain) do update
  set paused_at = v_now, reason = excluded.reason, refusals = d.refusals + 1, first_refused_at = coalesce(d.first_refused_at, v_now),
    paused_until = v_now + case when p_ms is not null then least(p_ms * power(2, least(d.refusals, 20)), 86400000) end * interval '1 millisecond'
  where d.paused_until <= v_now;
  select d.first_refused_at into v_since from email_queue_private.paused_domain as d where d.domain = p_domain collate "C";
  if v_since <= v_now - interval '3 days' then
    with gone as (
      delete from email_queue_private.ready as r
      where r.id = any (array(
        select l.id from email_queue_private.ready as l
        where l.type = 'email' and l.lane = any (array['batch:' || p_domain, 'single:' || p_domain, 'batch:' || p_domain || ':secret', 'single:' || p_domain || ':secret']) and l.priority = any (array[0, 1, 2, 3])
          and l.run_at <= v_now - interval '3 days'
        order by l.run_at limit 5000 for update skip locked))
      returning r.*
    )
    select coalesce(array_agg(g::email_queue_private.ready), '{}') into v_late from gone as g;
    perform email_queue_private.fail_ready(v_late, 'rejected', jsonb_build_object('class', 'misconfigured', 'message', p_reason));
  end if;
end
$$;
comment on function email_queue_private.refuse_domain(text, bigint, text) is 'Pauses a sender domain that the provider refuses, each time for longer; what waited for days fails.';
