begin;
\ir helpers.psql
select plan(13);

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
create function pg_temp.untouched() returns text language sql as $$
  select is((select row(bool_and(q.status = 'processing'), (select count(*) from email_queue_private.ready), (select d.begun and d.settled_at is null from email_queue_private.dispatch as d
    where d.id = (select d.d ->> 'dispatch_id' from d)::uuid))::text from public.email_queue as q), '(t,0,t)', 'and changed nothing')
$$;
select is(pg_temp.complete(d || jsonb_build_object('token', pg_temp.token(2))), 'lost', 'another token has lost') from d;
select pg_temp.untouched();
select is(pg_temp.complete(d || '{"token": null}'), 'lost', 'none too') from d;
select pg_temp.untouched();
select is(pg_temp.complete(d || jsonb_build_object('dispatch_id', pg_temp.token(3))), 'lost', 'an unknown dispatch too') from d;
select pg_temp.expire(d) from d;
select is(pg_temp.complete(d), 'lost', 'so has the right token after its lease has run out, although nobody took it over') from d;
select pg_temp.untouched();

select pg_temp.sweep();
select is(pg_temp.complete(d), 'lost', 'and after the sweep') from d;
select is(pg_temp.complete(d || '{"token": null}'), 'lost', 'where no token is worth nothing either') from d;
select is((select array_agg(distinct status) from public.email_queue), '{processing}', 'nothing was changed');
create temp table r as select pg_temp.claim(2) as d;
select is(pg_temp.complete(d), 'lost', 'and after the takeover') from d;
select pg_temp.begin(d) from r;
select is(pg_temp.complete(d), 'applied', 'the new holder settles') from r;
select is(pg_temp.complete(d), 'lost', 'the old one has lost still') from d;

select * from finish();
rollback;
