begin;
\ir helpers.psql
select plan(4);

-- SKIP LOCKED waits all the same for a row whose newest version is locked by another: the sweep, which holds other rows, must
-- not wait until that becomes a deadlock (a second).
select is((select array_agg(proname::text order by proname) from pg_proc where pronamespace = 'email_queue_private'::regnamespace and 'lock_timeout=100ms' = any (proconfig)),
  '{sweep_now,take_dispatch}', 'what takes rows out of order waits a tenth of a second at most');
select is((select array_agg(proname::text) from pg_proc where pronamespace = 'public'::regnamespace and proname like 'email\_queue\_%' and provolatile = 'v' and prosrc ~ 'for update|(update|delete from) email_queue_private'
  and not exists (select 1 from unnest(proconfig) as c where c like 'lock_timeout=%')), null, 'what waits for rows has a limit');

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1, '{"max_messages": 1}') as d;
select pg_temp.expire(d) from d;
create function pg_temp.in_hand() returns trigger language plpgsql as $$
begin
  raise lock_not_available;
end $$;
create trigger in_hand before update on email_queue_private.dispatch for each row execute function pg_temp.in_hand();
create temp table r as select pg_temp.work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000002"], "lease_ms": 60000}}') as r;
select is(r ->> 'claim_error', null, 'the claim does not fail') from r;
select is(jsonb_array_length(r -> 'claims'), 1, 'it takes what is free') from r;

select * from finish();
rollback;
