begin;
\ir helpers.psql
select plan(6);

select pg_temp.mails(2, p_payload => '{"from": "x@bad.example"}');
select pg_temp.mails(2, p_payload => '{"from": "x@good.example"}');
create temp table d as select pg_temp.claim(1) as d;
select is(pg_temp.lane(d), 'batch:bad.example', 'the first dispatch is of the domain') from d;
select pg_temp.begin(d) from d;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "release", "counted": false, "signals": {"pause": {"scope": "domain"}}}') ->> 'result', 'applied',
  'the provider refuses it, without a reason') from d;
select is((select domain || ':' || reason from email_queue_private.paused_domain), 'bad.example:the provider refused', 'the domain is paused');
select is(pg_temp.lane(c), 'batch:good.example', 'the other goes on') from pg_temp.claim(2) as c;
select is(pg_temp.claim(3), null, 'the paused one waits');
select is((select array_agg(distinct attempts) from public.email_queue), '{0}', 'with no attempt used');

select * from finish();
rollback;
