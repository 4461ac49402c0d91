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
select pg_temp.tell(4, '{"streak": "add"}'), pg_temp.tell(5, '{"streak": "add"}');
select is((select unknown_streak from email_queue_private.budget), 2, 'unknown outcomes are counted in a row');
select pg_temp.tell(6, '{"streak": "reset"}');
select is((select unknown_streak from email_queue_private.budget), 0, 'a definite answer ends the row');
select is(pg_temp.settle('{}', '{"answer": "unknown", "rest": "freeze", "signals": {"streak": "add"}}') ->> 'result' || (select unknown_streak from email_queue_private.budget), 'lost0', 'a worker that lost its lease tells nothing');

select * from finish();
rollback;
