begin;
\ir helpers.psql
select plan(15);

select pg_temp.mails(7, p_payload => '{"attachments": [{"filename": "a", "content": "eA=="}]}');
create temp table d as select n, pg_temp.claim(n) as d from generate_series(1, 6) as n;
select is((select array_agg(pg_temp.begin(d) ->> 'state') from d where n in (1, 2, 3, 6)), '{begun,begun,begun,begun}', 'four requests go out');
select is((select array_agg(pg_temp.freeze(d, '{"delay_ms": 600000, "signals": {"streak": "add", "probe_ms": 5000}}')) from d where n <= 3), '{applied,applied,applied}', 'and nobody knows what became of three');
create temp table b as select pg_temp.begin(d) as b from d where n = 4;
select is(b ->> 'state', 'unavailable', 'no other may begin') from b;
select is(pg_temp.freeze(d, '{"delay_ms": 600000, "signals": {"streak": "add", "probe_ms": 500000}}'), 'applied', 'the fourth is unknown too') from d where n = 6;
select is((select unknown_streak from email_queue_private.budget), 3, 'which says nothing new: it left before') from d where n = 6;
select ok((b ->> 'retry_after_ms')::integer between 4000 and 5000, 'until the probe''s time') from b;
select is(pg_temp.work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000009"], "lease_ms": 1000}}') -> 'obstacle' ->> 'state', 'unavailable', 'nor is anything claimed');

update email_queue_private.budget set probe_until = clock_timestamp() - interval '1 second';
select is(jsonb_array_length(pg_temp.work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000008", "00000000-0000-4000-8000-000000000009"], "lease_ms": 60000}}') -> 'claims'), 1, 'then one dispatch is claimed');
select is(pg_temp.begin(d) ->> 'state', 'begun', 'one probes') from d where n = 4;
select is(pg_temp.begin(d) ->> 'state', 'unavailable', 'while it is under way no other begins') from d where n = 5;
select is(pg_temp.begin(d) ->> 'state', 'begun', 'the probe itself may repeat its begin') from d where n = 4;
select pg_temp.freeze(d, '{"delay_ms": 600000, "signals": {"streak": "add", "probe_ms": 5000}}') from d where n = 4;
select ok((pg_temp.begin(d) ->> 'retry_after_ms')::integer between 9000 and 10000, 'a probe that fails too puts the next one off, for twice as long') from d where n = 5;
update email_queue_private.budget set probe_until = clock_timestamp() - interval '1 second';
select is(pg_temp.begin(d) ->> 'state', 'begun', 'then the next probes') from d where n = 5;
select pg_temp.settle(d, jsonb_build_object('answer', 'definite', 'rest', 'complete', 'signals', '{"streak": "reset"}'::jsonb)) from d where n = 5;
select is((select row(unknown_streak, probe_until, probe_dispatch_id)::text from email_queue_private.budget), '(0,,)', 'a definite answer ends it');
update email_queue_private.dispatch set visible_at = clock_timestamp() where settled_at is null and token is null;
select is(jsonb_array_length(pg_temp.work(jsonb_build_object('claim', jsonb_build_object('lease_ms', 1000, 'tokens', jsonb_build_array(pg_temp.token(11), pg_temp.token(12))))) -> 'claims'), 2, 'and claims go on as before');

select * from finish();
rollback;
