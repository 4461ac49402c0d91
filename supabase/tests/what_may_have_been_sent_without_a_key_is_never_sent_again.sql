begin;
\ir helpers.psql
select plan(14);

-- Without a key window a request cannot be repeated: the provider would take it for another.
create function pg_temp.begin_without_key(p_dispatch jsonb) returns jsonb language sql as $$
  select pg_temp.begin(p_dispatch, '{"key_window_ms": null}')
$$;

select pg_temp.mails(3);
create temp table d as select pg_temp.claim(1) as d;
select is(pg_temp.begin_without_key(d) ->> 'state', 'begun', 'it begins') from d;
select is((select horizon_at from email_queue_private.dispatch), null, 'with no time in which it may be replayed');
select pg_temp.expire(d) from d;
create temp table r as select pg_temp.claim(2) as d;
select is(d, null, 'once its lease has run out nobody gets it') from r;
select is((select array_agg(distinct pg_temp.status(m)) from d, unnest(pg_temp.members(d)) as m), '{failed:unknown_outcome}', 'its members end as unknown_outcome');
select is((select array_agg(distinct q.error ->> 'message') from d, unnest(pg_temp.members(d)) as m join public.email_queue as q on q.id = m),
  array['The worker''s lease ran out after begin.'], 'with the reason');
select is(pg_temp.complete(d), 'lost', 'and the worker that lost it is told so') from d;

select pg_temp.mails(2);
create temp table e as select pg_temp.claim(3) as d;
select pg_temp.begin_without_key(d) from e;
select is(pg_temp.freeze(d, '{"error": {"class": "unknown", "message": "no answer"}}'), 'applied', 'without an answer it is not frozen') from e;
select is((select array_agg(distinct pg_temp.status(m)) from e, unnest(pg_temp.members(d)) as m), '{failed:unknown_outcome}', 'but ends');
select is((select array_agg(distinct q.error ->> 'message') from e, unnest(pg_temp.members(d)) as m join public.email_queue as q on q.id = m), '{no answer}', 'with the reason');
select is(pg_temp.freeze(d), 'already', 'a repeated settle is told so') from e;

select pg_temp.mails(2);
create temp table f as select pg_temp.claim(4) as d;
select pg_temp.begin(d) from f;
select pg_temp.freeze(d) from f;
create temp table g as select pg_temp.claim(5) as d;
select is(pg_temp.begin_without_key(d) - 'dispatch_id', '{"state": "ended", "reason": "unknown_outcome"}', 'nor does a worker without keys begin what another has sent') from g;
select is((select array_agg(distinct pg_temp.status(m)) from g, unnest(pg_temp.members(d)) as m), '{failed:unknown_outcome}', 'that ends too');

select pg_temp.mails(1);
create temp table h as select pg_temp.claim(6) as d;
select pg_temp.begin_without_key(d) from h;
select pg_temp.settle(d, '{"answer": "none", "rest": "release", "counted": false}') from h;
select is((select array_agg(pg_temp.status(m)) from h, unnest(pg_temp.members(d)) as m), '{pending}', 'what is known not to have been sent waits again');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
