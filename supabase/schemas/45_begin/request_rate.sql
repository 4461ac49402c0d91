-- Requests a second that all runs may make together. The provider counts by seconds of its own, and a request may arrive
-- later after its slot than the one that opens the next window: so its limit is spread over 50 ms more than a second. Spread
-- over exactly one, eight runs had 8 % of their requests refused, and used less of the window for it. The workers see to it
-- that 50 ms are enough: they count a slot by the database's clock.
-- Before the first answer nothing is known of the limit. Five is what Resend's teams had before today's ten.
create function email_queue_private.request_rate(p_budget email_queue_private.budget) returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return least((email_queue_private.settings()).rate_limit, coalesce(p_budget.learned_limit, case when not p_budget.answered then {{CAUTIOUS_RATE}} end) / ({{RATE_WINDOW_MS}} / 1000.0));
end
$$;
comment on function email_queue_private.request_rate(email_queue_private.budget) is 'Requests a second: the operator''s ceiling, or a little less than the provider''s limit where that is lower or not known yet.';
