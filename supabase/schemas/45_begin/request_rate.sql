-- Requests a second that all runs may make together. The provider counts in windows of its own, and the time from a slot to the arrival
-- differs from request to request. So its limit is spread over a second and 50 ms. Spread over exactly one second, eight runs had 8 % of
-- their requests refused, and used less of the window. 50 ms are enough, because the workers count a slot by the database's clock.
-- Before the first answer the limit is not known. Resend's teams had five a second before today's ten.
create function email_queue_private.request_rate(
  p_budget email_queue_private.budget, p_setting email_queue_private.setting default email_queue_private.settings()
) returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return least(p_setting.rate_limit, coalesce(p_budget.learned_limit, case when not p_budget.answered then {{CAUTIOUS_RATE}} end) / ({{RATE_WINDOW_MS}} / 1000.0));
end
$$;
comment on function email_queue_private.request_rate(email_queue_private.budget, email_queue_private.setting) is 'Requests a second: the operator''s ceiling, or a little less than the provider''s limit if that is lower or not known yet.';
