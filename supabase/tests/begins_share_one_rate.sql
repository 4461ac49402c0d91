begin;
\ir helpers.psql
select plan(12);
create function pg_temp.next_slot(p_seconds numeric) returns bigint language sql as $$
  select setval('email_queue_private.next_slot', ((extract(epoch from clock_timestamp()) + p_seconds) * 1000000)::bigint) $$;

update email_queue_private.setting set rate_limit = 2;
select pg_temp.mail(p_payload => jsonb_build_object('from', format('x@d%s.example', n))) from generate_series(1, 9) as n;
create temp table d as select n, pg_temp.claim(n) as d from generate_series(1, 9) as n;
create temp table b (n integer, b jsonb);
insert into b select n, pg_temp.begin(d) from d where n <= 4 order by n;
select is((select array_agg(b ->> 'state' order by n) from b), '{begun,begun,begun,begun}', 'a begin may reserve a slot up to two seconds ahead');
select ok((select bool_and((b ->> 'wait_ms')::integer between (n - 1) * 500 - 250 and (n - 1) * 500) from b), 'each half a second after the one before');
select ok((select bool_and(d.visible_at - d.slot_at between interval '34 seconds' and interval '36 seconds') from email_queue_private.dispatch as d where d.begun), 'the lease counts from the slot');
select pg_temp.next_slot(2.4);
insert into b select n, pg_temp.begin(d) from d where n = 5;
select is((select b ->> 'state' from b where n = 5), 'throttled', 'further ahead it is refused');
select ok((select (b ->> 'retry_after_ms')::integer between 2000 and 3000 from b where n = 5), 'and told when');
select is((select begun::text || attempt from email_queue_private.dispatch where token = pg_temp.token(5)), 'false0', 'no attempt is used');
select pg_temp.next_slot(1);
select is(pg_temp.begin(d, '{"max_wait_ms": 100}') ->> 'state', 'throttled', 'a caller that cannot wait so long is refused too') from d where n = 5;

select pg_temp.next_slot(3600);
select is(pg_temp.begin(d) ->> 'state', 'begun', 'a slot that is further ahead than any can be is of a lower rate or another clock, and stops nobody') from d where n = 9;

select pg_temp.next_slot(0);
update email_queue_private.budget set learned_limit = 1;
select pg_temp.begin(d) from d where n = 5;
select ok((select (pg_temp.begin(d) ->> 'wait_ms')::integer > 500 from d where n = 6), 'a lower limit of the provider''s counts');
select pg_temp.next_slot(0);
update email_queue_private.budget set learned_limit = 1000;
select pg_temp.begin(d) from d where n = 7;
select ok((select (pg_temp.begin(d) ->> 'wait_ms')::integer > 250 from d where n = 8), 'a higher one does not');

update email_queue_private.setting set rate_limit = 10;
update email_queue_private.budget set answered = false, learned_limit = null;
select is((select round(email_queue_private.request_rate(b), 2) from email_queue_private.budget as b), 4.76, 'before the first answer the rate is a cautious one');
select pg_temp.settle(d, '{"answer": "unknown", "rest": "freeze", "delay_ms": 0, "error": {"class": "unknown"}, "signals": {"answered": true}}') from d where n = 5;
select is((select email_queue_private.request_rate(b) from email_queue_private.budget as b), 10::numeric, 'an answer that names none leaves the ceiling');

select * from finish();
rollback;
