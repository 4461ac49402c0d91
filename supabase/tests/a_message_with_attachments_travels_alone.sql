begin;
\ir helpers.psql
select plan(4);

create temp table m as select n, pg_temp.mail(p_payload => case when n in (1, 2) then '{"attachments": [{"filename": "a.txt", "content": "eA=="}]}'
  when n = 3 then '{"attachments": []}' else '{}' end::jsonb) as id from generate_series(1, 5) as n;

select is(pg_temp.members(pg_temp.claim(1)), array[id], 'the first, with an attachment, alone') from m where n = 1;
select is(pg_temp.members(pg_temp.claim(2)), (select array_agg(id order by n) from m where n > 2), 'then the other lane: an empty list of attachments is none');
select is(pg_temp.members(pg_temp.claim(3)), array[id], 'the second, alone too') from m where n = 2;
select is(pg_temp.claim(4), null, 'and that was all');

select * from finish();
rollback;
