begin;
\ir helpers.psql
select plan(9);

create function pg_temp.started(p_token integer) returns jsonb language plpgsql as $$
declare d jsonb;
begin
  perform pg_temp.mails(2);
  d := pg_temp.claim(p_token);
  perform pg_temp.begin(d);
  return d;
end $$;
create temp table a as select pg_temp.started(1) as d;
select is(pg_temp.complete(d), 'applied', 'completed') from a;
select is(pg_temp.complete(d), 'already', 'repeated') from a;
select is(pg_temp.complete(d || jsonb_build_object('token', pg_temp.token(2))), 'lost', 'but not by another') from a;
select is((select array_agg(distinct attempts) from public.email_queue), '{1}', 'it counted once');

create temp table b as select pg_temp.started(3) as d;
select is(pg_temp.freeze(d, '{"delay_ms": 60000}'), 'applied', 'frozen') from b;
select is(pg_temp.freeze(d, '{"delay_ms": 60000}'), 'already', 'repeated') from b;
select is((select jsonb_array_length(errors) from email_queue_private.dispatch where frozen), 1, 'the error is on record once');

create temp table c as select pg_temp.started(4) as d;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 60000}') ->> 'result', 'applied', 'retried') from c;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 60000}') ->> 'result', 'already', 'repeated') from c;

select * from finish();
rollback;
