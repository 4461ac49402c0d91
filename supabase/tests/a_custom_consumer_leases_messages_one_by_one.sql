begin;
\ir helpers.psql
select plan(19);

create function pg_temp.dequeue(variadic p_tokens integer[]) returns jsonb language sql as $$
  select public.email_queue_dequeue(array['report', 'chart'], array(select pg_temp.token(t) from unnest(p_tokens) as t))
$$;
create temp table m (name text, id uuid);
insert into m values ('chart', pg_temp.mail('{"type": "chart"}')), ('late', pg_temp.mail('{"type": "report", "max_attempts": 2}')),
  ('urgent', pg_temp.mail('{"type": "report", "priority": 0}')), ('email', pg_temp.mail());

create temp table d as select pg_temp.dequeue(1, 2) as got;
select is(got #>> '{0,message,id}', id::text, 'the best of the first type comes first') from d, m where name = 'urgent';
select is(got #>> '{1,message,id}', id::text, 'then the next') from d, m where name = 'late';
select isnt(got #>> '{0,dispatch_id}', got #>> '{1,dispatch_id}', 'each in a dispatch of its own') from d;
select is(got #> '{0,message,attempts}', '1', 'an attempt is used') from d;
select is(got #> '{0,message,payload,subject}', '"Hello"', 'with its payload') from d;
select is(pg_temp.dequeue(1, 2), got, 'the same tokens give the same messages') from d;
select is(pg_temp.dequeue(3) #>> '{0,message,id}', id::text, 'the next type when the first is empty') from m where name = 'chart';
select is(pg_temp.dequeue(4), '[]', 'never an e-mail');

create function pg_temp.lease(p_n integer) returns jsonb language sql as $$
  select got -> p_n from d
$$;
select is(pg_temp.settle(pg_temp.lease(0), '{"answer": "definite", "rest": "complete"}') ->> 'result', 'applied', 'complete');
select is(pg_temp.status(id), 'completed', 'it is completed') from m where name = 'urgent';
select is(pg_temp.settle(pg_temp.lease(0), '{"answer": "definite", "rest": "complete"}') ->> 'result', 'already', 'once');
select is(pg_temp.settle(pg_temp.lease(1), '{"answer": "none", "counted": false, "rest": "release"}') ->> 'result', 'applied', 'release');
select is(pg_temp.attempts(id), 0, 'uses no attempt') from m where name = 'late';

truncate d;
insert into d select pg_temp.dequeue(5);
select pg_temp.expire(pg_temp.lease(0));
insert into d select pg_temp.dequeue(6);
select is((select array_agg(got #>> '{0,message,id}') from d), array[id::text, id::text], 'a lease that ran out: another gets it') from m where name = 'late';
select is(pg_temp.settle(got -> 0, '{"answer": "definite", "rest": "complete"}') ->> 'result', 'lost', 'and the first has lost it') from d where got #>> '{0,token}' = pg_temp.token(5)::text;
select pg_temp.expire(got -> 0) from d;
select is(pg_temp.dequeue(7), '[]', 'the second time its attempts are used up');
select is(pg_temp.status(id), 'failed:exhausted', 'it is a dead letter') from m where name = 'late';
select throws_ok($$select public.email_queue_dequeue(array['email'], array[gen_random_uuid()])$$, '22023', 'email_queue: types: must not name email: the function process-email-queue sends it', 'e-mail is the function''s');
select throws_ok($$select public.email_queue_dequeue(array['report'], array[]::uuid[])$$, '22023', 'email_queue: tokens: must be 1 to 100, one for each message wanted', 'a token for each');

select * from finish();
rollback;
