-- How members leave a dispatch. Lock order everywhere: dispatch, ready, message, then budget.

-- Members as rows: what each had before this dispatch.
create function email_queue_private.members(p_dispatch email_queue_private.dispatch)
returns table (id uuid, attempts smallint, errors jsonb, ordinal bigint)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select u.id, u.attempts, p_dispatch.member_errors -> u.id::text, u.n
  from unnest(p_dispatch.message_ids, p_dispatch.member_attempts) with ordinality as u(id, attempts, n)
$$;
comment on function email_queue_private.members(email_queue_private.dispatch) is 'The members of a dispatch in their order, with attempts and errors from before it.';
