begin;
\ir helpers.psql
select plan(7);

create function pg_temp.tell(p_token integer, p_signals jsonb) returns text language plpgsql as $$
declare d jsonb;
begin
  perform pg_temp.mail();
  d := pg_temp.claim(p_token);
  perform pg_temp.begin(d, '{"endpoint": "single"}');
  return pg_temp.settle(d, jsonb_build_object('answer', 'definite', 'rest', 'complete', 'signals', p_signals)) ->> 'result';
end $$;
select is(pg_temp.tell(1, '{"rate_limit": 5}'), 'applied', 'a rate limit');
select is((select learned_limit from email_queue_private.budget), 5::numeric, 'is learned');
select is(pg_temp.tell(2, '{"rate_limit": 0}') || pg_temp.tell(3, '{"rate_limit": 7}'), 'appliedapplied', 'none is no limit, another');
select is((select learned_limit from email_queue_private.budget), 7::numeric, 'replaces it');
select pg_temp.tell(4, '{"answered": false}'), pg_temp.tell(5, '{"answered": false}');
select is((select array_agg(scope || streak order by scope) from email_queue_private.breaker), '{batch:2,batch:a.example2}', 'missing answers are counted in a row, for the endpoint and the lane');
select pg_temp.tell(6, '{"answered": true}');
select is((select array_agg(row(streak, requests, size)::text) from email_queue_private.breaker), '{"(0,32,100)","(0,32,100)"}', 'an answer ends the row, and lets twice as many be open');
select is(pg_temp.settle('{}', '{"answer": "unknown", "rest": "freeze", "signals": {"answered": false}}') ->> 'result' || (select count(*) filter (where streak = 0) from email_queue_private.breaker), 'lost2', 'a worker that lost its lease tells nothing');

select * from finish();
rollback;
