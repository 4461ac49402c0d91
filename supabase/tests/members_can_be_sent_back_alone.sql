begin;
\ir helpers.psql
select plan(4);

create temp table m as select pg_temp.mails(3) as ids;
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "alone", "counted": false}') ->> 'result', 'applied', 'sent back alone') from d;
create temp table h as select n, pg_temp.claim(n) as d from generate_series(2, 5) as n;
select is((select array_agg(pg_temp.members(d) order by n) from h where n < 5), array[ids[1:1], ids[2:2], ids[3:3]], 'they come one to a dispatch, in their order') from m;
select is((select array_agg(distinct attempts) from public.email_queue), '{0}', 'no attempt used');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
