begin;
\ir helpers.psql
select plan(8);

select pg_temp.mails(2);
select pg_temp.begin(d), pg_temp.freeze(d, '{"delay_ms": 60000, "signals": {"answered": false}}') from (select pg_temp.claim(1) as d) as c;
select pg_temp.mails(3);
select pg_temp.settle(d, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(2) as d) as c;
select pg_temp.mails(4), pg_temp.mail('{"delay_ms": 60000}'), public.email_queue_cancel(pg_temp.mail()), pg_temp.mail('{"type": "report"}');
select is((public.email_queue_stats() #> '{types,email}') - 'oldest_due_seconds',
  '{"pending": 4, "scheduled": 1, "retrying": 0, "processing": 2, "frozen": 2, "failed": 3, "cancelled": 1}', 'messages by state');
select is(public.email_queue_stats() #> '{types,email,oldest_due_seconds}', '0', 'how long the oldest has been due');
select is(public.email_queue_stats() #> '{types,report,pending}', '1', 'each type by itself');
select is(public.email_queue_stats() -> 'unknown_in_a_row', '1', 'unknown outcomes in a row');
select is(public.email_queue_stats() -> 'paused', 'null', 'no pause');
select public.email_queue_pause('tea'), public.email_queue_pause('dns', 'A.example', 60);
select is(public.email_queue_stats() #>> '{paused,reason}', 'tea', 'the pause with its reason');
select is(public.email_queue_stats() #>> '{paused_domains,0,domain}', 'a.example', 'paused domains');
select public.email_queue_resume();
select is(public.email_queue_stats() -> 'paused', 'null', 'resumed');

select * from finish();
rollback;
