begin;
\ir helpers.psql
select plan(18);

create function pg_temp.ids(p_list jsonb) returns uuid[] language sql as $$
  select array(select (e ->> 'id')::uuid from jsonb_array_elements(p_list) with ordinality as x(e, n) order by n)
$$;
create temp table m (status text, ids uuid[]);
insert into m values ('completed', pg_temp.mails(3));
select pg_temp.begin(d), pg_temp.complete(d) from (select pg_temp.claim(1) as d) as c;
insert into m values ('failed', pg_temp.mails(3));
select pg_temp.settle(d, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(2) as d) as c;
insert into m values ('retrying', pg_temp.mails(3));
select pg_temp.begin(d), pg_temp.settle(d, '{"answer": "definite", "rest": "retry", "delay_ms": 60000}') from (select pg_temp.claim(3) as d) as c;
insert into m values ('processing', pg_temp.mails(3));
select pg_temp.claim(4);
insert into m values ('pending', pg_temp.mails(3));

select is(pg_temp.ids(public.email_queue_list(status)), array[ids[3], ids[2], ids[1]], status) from m;
select is(pg_temp.ids(public.email_queue_list(status, p_limit => 1, p_before => ids[3])), ids[2:2], 'the second page of ' || status) from m;
select is(public.email_queue_list('cancelled'), '[]', 'none are cancelled');
select is(public.email_queue_list(status, 'sms'), '[]', 'another type has no ' || status) from m where status in ('pending', 'processing', 'completed');
select is(public.email_queue_list('pending') -> 0, public.email_queue_get(ids[3]) - 'notice', 'each as get gives it, but for its notice') from m where status = 'pending';
select is(pg_temp.ids(public.email_queue_list('pending', p_since => '-infinity', p_until => 'infinity')), array[ids[3], ids[2], ids[1]], 'of all times') from m where status = 'pending';
select is(public.email_queue_list('pending', p_since => 'infinity'), '[]', 'and of none');
select throws_ok($$select public.email_queue_list('lost')$$, '22023', 'email_queue: status: must be pending, processing, retrying, completed, failed or cancelled', 'a status that does not exist');

select * from finish();
rollback;
