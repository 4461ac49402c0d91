-- What a pause waits for. A reason of the provider's begins with a status; one of an operator's does not.
create function email_queue_private.pause_remedy(p_reason text, p_until timestamptz, p_domain text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when p_until is not null then 'It ends by itself then. ' else '' end || case
    when p_reason !~ '^[45][0-9][0-9] ' then 'It was paused by hand. To go on: '
    when p_domain is not null then 'Verify the domain with Resend (https://resend.com/domains); then: '
    when p_reason like '429 %' then 'A quota of Resend''s plan is used up. After a change to a larger plan, or in a new month: '
    when p_reason ~ '^40[13] ' then 'Resend refuses the account or its key. After that is corrected (a key in .env, then deploy.sh): '
    else 'After what the reason names is corrected: ' end
    || format('select email_queue_resume(%s);', case when p_domain is not null then quote_literal(p_domain) end)
$$;
comment on function email_queue_private.pause_remedy(text, timestamptz, text) is 'What a pause waits for, and what ends it.';
