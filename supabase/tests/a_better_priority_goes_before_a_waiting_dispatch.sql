begin;
\ir helpers.psql
select plan(2);

select pg_temp.mails(2, '{"priority": 2}');
create temp table bulk as select pg_temp.claim(1) as d;
select pg_temp.expire(d) from bulk;
create temp table code as select pg_temp.mail('{"priority": 1}') as id;
select is(pg_temp.members(pg_temp.claim(2)), array[id], 'the sign-in code first') from code;
select is(pg_temp.claim(3) -> 'dispatch_id', d -> 'dispatch_id', 'then the dispatch that waited') from bulk;

select * from finish();
rollback;
