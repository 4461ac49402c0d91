begin;
\ir helpers.psql
select plan(8);

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1, '{"lease_ms": 10000}') as d;
create function pg_temp.extend(p_token integer, p_ms bigint) returns jsonb language sql as $$
  select public.email_queue_extend((d ->> 'dispatch_id')::uuid, pg_temp.token(p_token), p_ms) from d
$$;
create temp table x as select pg_temp.extend(1, 60000) as x;
select is(x ->> 'result', 'applied', 'the holder extends it') from x;
select ok((x ->> 'lease_expires_at')::timestamptz between clock_timestamp() + interval '59 seconds' and clock_timestamp() + interval '60 seconds', 'from now') from x;
select is((select array_agg(distinct lease_expires_at) from public.email_queue), (select array[(x ->> 'lease_expires_at')::timestamptz] from x), 'and it shows');
select pg_temp.extend(1, 1);
select is((select visible_at from email_queue_private.dispatch), (select (x ->> 'lease_expires_at')::timestamptz from x), 'it is never made shorter');
select is(pg_temp.extend(2, 60000) ->> 'result', 'lost', 'another token has lost');
select pg_temp.expire(d) from d;
select is(pg_temp.extend(1, 60000) ->> 'result', 'lost', 'so has the holder after its end');
select ok((select visible_at < clock_timestamp() from email_queue_private.dispatch), 'and nothing changes');
select is(public.email_queue_extend(pg_temp.token(7), pg_temp.token(1), 1000) ->> 'result', 'lost', 'an unknown dispatch too');

select * from finish();
rollback;
