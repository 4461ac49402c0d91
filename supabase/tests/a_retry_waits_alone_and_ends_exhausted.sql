begin;
\ir helpers.psql
select plan(10);

create temp table m as select pg_temp.mail('{"max_attempts": 1}') as once, pg_temp.mails(2, '{"max_attempts": 2}') as twice;
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d) from d;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 60000, "error": {"class": "refused", "status": 418}}') ->> 'result', 'applied', 'refused, for a reason nobody knows') from d;
select is(pg_temp.status(once), 'failed:exhausted', 'a message without attempts left ends as exhausted') from m;
select is((select array_agg(pg_temp.status(id)) from m, unnest(twice) as id), '{retrying,retrying}', 'the others are tried again');
select ok((select bool_and(run_at between clock_timestamp() + interval '58 seconds' and clock_timestamp() + interval '60 seconds') from email_queue_private.ready), 'after the delay');
select is((select array_agg(distinct q.error ->> 'status') from public.email_queue as q), '{418}', 'with the error on show');

update email_queue_private.ready set run_at = clock_timestamp();
create temp table e as select n, pg_temp.claim(n) as d from generate_series(2, 4) as n;
select is((select array_agg(jsonb_array_length(d -> 'messages') order by n) from e), '{1,1,NULL}', 'one to a dispatch: the bad one must not cost the others their attempts');
select pg_temp.begin(d) from e where n < 4;
select pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "error": {"class": "refused", "status": 419}}') from e where n < 4;
select is((select array_agg(pg_temp.status(id)) from m, unnest(twice) as id), '{failed:exhausted,failed:exhausted}', 'until theirs are used up');
select is((select array_agg(pg_temp.attempts(id)) from m, unnest(twice) as id), '{2,2}', 'two attempts');
select is((select array_agg(distinct (q.error -> 'history' -> 0 ->> 'status') || (q.error -> 'history' -> 1 ->> 'status')) from public.email_queue as q, m where q.id = any (twice)), '{418419}', 'and both errors');
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;
