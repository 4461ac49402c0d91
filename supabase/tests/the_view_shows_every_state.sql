begin;
\ir helpers.psql
select plan(12);

create temp table m (name text, id uuid);
insert into m values ('completed', pg_temp.mail());
select pg_temp.begin(d), pg_temp.complete(d) from (select pg_temp.claim(1) as d) as c;
insert into m values ('failed', pg_temp.mail());
select pg_temp.settle(d, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(2) as d) as c;
insert into m values ('retrying', pg_temp.mail());
select pg_temp.begin(d), pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 60000, "error": {"class": "refused"}}') from (select pg_temp.claim(3) as d) as c;
insert into m values ('frozen', pg_temp.mail());
select pg_temp.begin(d), pg_temp.freeze(d, '{"delay_ms": 60000}') from (select pg_temp.claim(4) as d) as c;
insert into m values ('processing', pg_temp.mail());
select pg_temp.claim(5);
insert into m values ('pending', pg_temp.mail()), ('scheduled', pg_temp.mail('{"delay_ms": 60000}'));
create temp view v as select m.name, q.* from public.email_queue as q join m using (id);

select results_eq('select name, status, attempts from v order by id', $$values
  ('completed', 'completed', 1::smallint), ('failed', 'failed', 0::smallint), ('retrying', 'retrying', 1::smallint), ('frozen', 'processing', 1::smallint),
  ('processing', 'processing', 0::smallint), ('pending', 'pending', 0::smallint), ('scheduled', 'pending', 0::smallint)$$, 'each state and its attempts');
select is((select count(*)::integer from public.email_queue), 7, 'one row a message');
select is((select array_agg(name order by id) from v where dispatch_id is not null), '{completed,failed,frozen,processing}', 'the dispatch of those that have or had one');
select is((select array_agg(name order by id) from v where lease_expires_at > clock_timestamp()), '{processing}', 'the lease of what a worker has');
select is((select array_agg(name order by id) from v where completed_at is not null), '{completed,failed}', 'the end of what has ended');
select is((select array_agg(name order by id) from v where error is not null), '{failed,retrying,frozen}', 'the error of what had one');
select is((select array_agg(name order by id) from v where run_at > clock_timestamp()), '{retrying,scheduled}', 'when what waits will be sent');
select ok((select bool_and(updated_at between created_at and clock_timestamp()) from v), 'when it changed last');
select is((select array_agg(distinct payload ->> 'subject') from v), '{Hello}', 'and the payload');
select columns_are('public', 'email_queue', array['id', 'type', 'status', 'payload', 'priority', 'run_at', 'attempts', 'max_attempts', 'dispatch_id',
  'lease_expires_at', 'dedup_key', 'metadata', 'error', 'provider_message_id', 'created_at', 'updated_at', 'completed_at', 'send_before', 'delivery',
  'topic', 'ignore_suppression', 'secret', 'recipients', 'template'], 'its columns are these');
select is((select bool_and(public.email_queue_get(id) - 'notice' = to_jsonb(q)) from public.email_queue as q), true, 'get gives the same as JSON, but for a notice');
select is(public.email_queue_get(pg_temp.token(1)), null, 'and null for what is not there');

select * from finish();
rollback;
