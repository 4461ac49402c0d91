begin;
\ir helpers.psql
select plan(9);

create temp table m as select pg_temp.mails(3) as ids;
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.expire(d) from d;
create temp table r as select pg_temp.claim(2) as d;
select is(r.d -> 'dispatch_id', d.d -> 'dispatch_id', 'the first time it is taken over whole') from r, d;
select is(pg_temp.members(r.d), ids, 'with its members') from r, m;
select is(r.d -> 'frozen', 'false', 'and is not frozen: it was never sent') from r;

select pg_temp.expire(d) from r;
create temp table s as select t, pg_temp.claim(t) as d from generate_series(3, 6) as t;
select is((select array_agg(pg_temp.members(d) order by t) from s where t < 6), array[array[ids[1]], array[ids[2]], array[ids[3]]], 'the second time its members come back one to a dispatch') from m;
select is((select d from s where t = 6), null, 'and nothing else does');
select is((select array_agg(distinct pg_temp.attempts(id)) from m, unnest(ids) as id), '{0}', 'no attempt is used');
select is((select count(*)::integer from s where s.d -> 'dispatch_id' = (select d -> 'dispatch_id' from d)), 0, 'under new ids');
select is(pg_temp.settle(d, '{"answer": "none", "rest": "release"}') ->> 'result', 'lost', 'the worker that lost it is told so') from r;
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
