begin;
\ir helpers.psql
select plan(8);

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1) as d;
select is((select array_agg(distinct attempts) from public.email_queue), '{0}', 'a claim uses no attempt');
create temp table b as select pg_temp.begin(d) as b from d;
select is(b - 'dispatch_id', '{"state": "begun", "attempt": 1, "wait_ms": 0}', 'the begin uses one') from b;
select is((select array_agg(distinct attempts) from public.email_queue), '{1}', 'of each member');
create temp table before as select email_queue_private.next_slot(1000);
select is(pg_temp.begin(d), b, 'repeated, it answers the same') from d, b;
select is((select attempt::integer from email_queue_private.dispatch), 1, 'uses no second one');
select is(email_queue_private.next_slot(1000), next_slot, 'and takes no second slot') from before;
select ok((select visible_at - slot_at between interval '34 seconds' and interval '35 seconds' from email_queue_private.dispatch), 'the lease is renewed for the timeout and the margin');
select ok((select extract(epoch from horizon_at - first_begun_at) = 23 * 3600 from email_queue_private.dispatch), 'and the horizon starts');

select * from finish();
rollback;
