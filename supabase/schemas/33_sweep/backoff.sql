-- How long to wait after each attempt, from the first on. The last wait is for all further attempts. Only this function computes the
-- waits: the worker gets the list with each answer, and adds the jitter.
create function email_queue_private.backoff(p_setting email_queue_private.setting) returns bigint[]
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select least(p_setting.retry_base_ms * power(2, n), p_setting.retry_cap_ms)::bigint
    from generate_series(0, ceil(ln(p_setting.retry_cap_ms::double precision / p_setting.retry_base_ms) / ln(2))::integer) as n);
end
$$;
comment on function email_queue_private.backoff(email_queue_private.setting) is 'The waits after the attempts, in milliseconds.';
