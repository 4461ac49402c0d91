begin;
\ir helpers.psql
select plan(5);

create temp table m as select pg_temp.mail('{"max_attempts": 13}') as id;
do $$
declare d jsonb;
begin
  for i in 1..13 loop
    update email_queue_private.ready set run_at = clock_timestamp() - interval '1 second';
    d := pg_temp.claim(i);
    perform pg_temp.begin(d, '{"endpoint": "single"}');
    perform pg_temp.settle(d, jsonb_build_object('answer', 'definite', 'rest', 'retry', 'delay_ms', 1000,
      'error', jsonb_build_object('class', 'refused', 'status', 400 + i)));
  end loop;
end $$;
create temp table e as select error as e from public.email_queue;
select is(pg_temp.status(id), 'failed:exhausted', 'thirteen attempts failed') from m;
select is((select array_agg((h ->> 'status')::integer order by n) from e, jsonb_array_elements(e -> 'history') with ordinality as x(h, n)), array(select generate_series(404, 413)), 'the last ten are kept, oldest first');
select is((select array_agg((h ->> 'attempt')::integer order by n) from e, jsonb_array_elements(e -> 'history') with ordinality as x(h, n)), array(select generate_series(4, 13)), 'each with its attempt');
select ok((select bool_and((h ->> 'at')::timestamptz between now() and clock_timestamp()) from e, jsonb_array_elements(e -> 'history') as h), 'and its time');
select is(e ->> 'status', '413', 'the last one is the message''s error') from e;

select * from finish();
rollback;
