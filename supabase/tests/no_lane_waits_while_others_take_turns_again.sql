-- Lanes take turns, and of many lanes a claim looks at the next few. Neither mail of a better priority, nor the halves of one sender's refused batches, are
-- a turn or begin that round anew.
begin;
\ir helpers.psql
select plan(6);

create function pg_temp.enqueue(p_domain text, p_priority integer, p_count integer default 1) returns void language sql as $$
  select public.email_queue_enqueue(jsonb_build_object('from', 'a@' || p_domain, 'to', 'b@b.example', 'subject', 'S', 'text', 'T'), p_priority => p_priority)
  from generate_series(1, p_count)
$$;
create function pg_temp.claims(p_tokens integer, p_messages integer default 100) returns jsonb language sql as $$
  select public.email_queue_worker_work(jsonb_build_object('claim', jsonb_build_object('max_messages', p_messages,
    'tokens', (select jsonb_agg(gen_random_uuid()) from generate_series(1, p_tokens)))))::jsonb -> 'claims'
$$;
create function pg_temp.served() returns bigint language sql as $$
  select count(distinct d.lane) from email_queue_private.dispatch as d where d.priority = 2
$$;

-- Three senders, of which one has a stream of sign-in mail.
select pg_temp.enqueue(format('d%s.example', n), 2, 20) from generate_series(1, 3) as n;
do $$ begin
  for v_call in 1..12 loop
    perform pg_temp.enqueue('d2.example', 0);
    perform pg_temp.claims(2, 1);
  end loop;
end $$;
select is((select array_agg(c.n) from (select count(*) as n from email_queue_private.dispatch as d where d.priority = 2 group by d.lane) as c), array[4, 4, 4]::bigint[],
  'each of a few senders has its turns, also the one with a stream of sign-in mail');
truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch;

-- Forty senders with mail for all of the test.
select pg_temp.enqueue(format('d%s.example', n), 2, 20) from generate_series(10, 49) as n;
do $$ begin
  for v_call in 1..60 loop
    perform pg_temp.enqueue('d30.example', 0);
    perform pg_temp.claims(2, 1);
  end loop;
end $$;
select is(pg_temp.served(), 40::bigint, 'each sender has had a turn beside a stream of sign-in mail, also the one of that mail');
select is((select max(c.n) - min(c.n) from (select count(*) as n from email_queue_private.dispatch as d where d.priority = 2 group by d.lane) as c), 1::bigint, 'none more often than the others');

select pg_temp.enqueue('aab.example', 1, 2);
create temp table refused as select pg_temp.claims(1) -> 0 as d;
select pg_temp.enqueue('zzz.example', 1);
select pg_temp.claims(1);
do $$ begin
  perform pg_temp.begin(d), pg_temp.settle(d, '{"answer": "definite", "rest": "split", "counted": false}') from refused;
end $$;
select is((select count(*) from email_queue_private.dispatch as d where d.lane = 'batch:aab.example' and d.settled_at is null), 2::bigint, 'a refused batch is halved');
select is(email_queue_private.last_lane('email', 1), 'batch:zzz.example', 'and its sender has not had the last turn by that');

-- Halves take turns too. Of refused domains, which wait till no other has mail, their last turn says nothing.
truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch;
select pg_temp.enqueue('xx.example', 2, 4);
create temp table halved as select pg_temp.claims(1) -> 0 as d;
do $$ begin
  perform pg_temp.begin(d), pg_temp.settle(d, '{"answer": "definite", "rest": "split", "counted": false}') from halved;
end $$;
select pg_temp.enqueue(format('d%s.example', n), 2, 20), pg_temp.enqueue(format('d%s-r.example', n), 2) from generate_series(10, 19) as n;
insert into email_queue_private.paused_domain (domain, paused_at, paused_until, reason, refusals, first_refused_at)
select format('d%s-r.example', n), clock_timestamp() - interval '1 hour', clock_timestamp() - interval '1 minute', 'x', 1, clock_timestamp() - interval '1 hour' from generate_series(10, 19) as n;
insert into email_queue_private.dispatch (id, created_at, updated_at, settled_at, bytes, priority, attempts_allowed, type, lane, message_ids, member_attempts, turn)
select email_queue_private.new_id(), clock_timestamp() - interval '1 hour', clock_timestamp(), clock_timestamp(), 1, 2, 1, 'email', lane, '{}', '{}', true
from (select format('batch:d%s-r.example', n) from generate_series(10, 19) as n union all select 'batch:d10.example') as l(lane);
do $$ begin
  for v_call in 1..12 loop
    perform pg_temp.claims(1, 1);
  end loop;
end $$;
select is((select count(*) from email_queue_private.dispatch as d where d.lane = 'batch:xx.example' and d.token is not null), 2::bigint, 'the halves of a sender have their turns beside refused domains');

select * from finish();
rollback;
