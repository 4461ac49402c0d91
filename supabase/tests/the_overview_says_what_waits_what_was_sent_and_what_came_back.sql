begin;
\ir helpers.psql
select plan(17);

delete from email_queue_private.run where id is not null;
create function pg_temp.overview(p_path text) returns jsonb language sql as $$ select public.email_queue_overview() #> p_path::text[] $$;
select is(pg_temp.overview('{priorities}'), '[]', 'nothing waits');
select is(pg_temp.overview('{reputation,day}'), '{"accepted": 0, "bounced": 0, "complained": 0, "all": true}', 'and nothing was sent');

-- Depth by priority: the members of a dispatch have their own.
select pg_temp.mails(2, '{"priority": 1}'), pg_temp.mail('{"priority": 2}'), pg_temp.mail('{"priority": 3, "delay_ms": 60000}'), pg_temp.mail('{"priority": 3, "type": "report"}');
create temp table one as select pg_temp.claim(1, '{"max_messages": 3}') as d;
select is(jsonb_array_length(d -> 'messages'), 3, 'a dispatch of two priorities') from one;
select is((select array_agg(concat_ws(' ', p ->> 'type', p ->> 'priority', p ->> 'pending', p ->> 'scheduled', p ->> 'retrying', p ->> 'processing') order by n) from jsonb_array_elements(pg_temp.overview('{priorities}')) with ordinality as e(p, n)),
  array['email 1 0 0 0 2', 'email 2 0 0 0 1', 'email 3 0 1 0 0', 'report 3 1 0 0 0'], 'each type and priority');
select is(pg_temp.overview('{priorities,3,oldest_due_seconds}'), '0', 'the oldest that is due');
select is(pg_temp.overview('{priorities,2,oldest_due_seconds}'), 'null', 'what is for later is not due');

-- Requests of the last minute.
select is(pg_temp.overview('{requests,last_minute}'), '0', 'no request has begun');
select pg_temp.begin(d) from one;
select is(pg_temp.overview('{requests,last_minute}'), '1', 'one under way');
select pg_temp.complete(d) from one;
select is(array[pg_temp.overview('{requests,last_minute}'), pg_temp.overview('{requests,most_in_a_second}')], array['1'::jsonb, '1'], 'and it counts when it was answered');
select is(pg_temp.overview('{requests}') @> (select jsonb_build_object('setting', (email_queue_private.settings()).rate_limit, 'per_second', email_queue_private.request_rate(b), 'breaker', '[]'::jsonb) from email_queue_private.budget_now() as b), true, 'beside what is allowed');
insert into email_queue_private.breaker (scope, streak, next_at) values ('batch:a.example', 3, now()), ('batch:', 1, now());
select is(jsonb_path_query_array(pg_temp.overview('{requests,breaker}'), '$[*].unanswered'), '[3, 1]', 'who does not answer');
select is(pg_temp.overview('{requests,breaker,1,next_at}'), 'null', 'one without an answer waits for nothing');

-- What came back. A mail of two recipients that both bounced is one.
insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id)
select 'm' || n, 0, t, 'p', 'user' || n || '@b.example', now(), now(), (select m.id from email_queue_private.message as m where m.status = 'completed' order by m.id offset o limit 1)
from (values (1, 'email.bounced', 0), (2, 'email.bounced', 0), (3, 'email.complained', 1), (4, 'email.delivered', 2)) as v(n, t, o);
select is(pg_temp.overview('{reputation,day}'), '{"accepted": 3, "bounced": 1, "complained": 1, "all": true}', 'of three');
-- Eight days old.
insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type, status, completed_at, attempts)
select email_queue_private.first_id(at), at, at, 2, 15, 10, 'email', 'completed', at, 1 from (values (now() - interval '8 days'), (now() - interval '2 days')) as v(at);
select is(array[pg_temp.overview('{reputation,day,accepted}'), pg_temp.overview('{reputation,week,accepted}')], array['3'::jsonb, '4'], 'each in its time');

-- The last hours.
insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, counts)
select pg_temp.token(n), 'schedule', now() - m * interval '1 minute', now(), now() - m * interval '1 minute', 'empty', c
from (values (1, 15, '{"accepted": 5, "retried": 1, "remaining": 7}'::jsonb), (2, 16, '{"accepted": 2, "failed": 3, "remaining": 4}'), (3, 25, null), (4, 400, '{"accepted": 9}')) as v(n, m, c);
select is(jsonb_array_length(pg_temp.overview('{hours}')), 36, 'six hours');
select is((select jsonb_agg(h - 'at' order by n desc) from jsonb_array_elements(pg_temp.overview('{hours}')) with ordinality as e(h, n) where n >= 33),
  '[{"enqueued": 5, "accepted": 0, "retried": 0, "failed": 0, "waiting": null}, {"enqueued": 0, "accepted": 7, "retried": 1, "failed": 3, "waiting": 7}, {"enqueued": 0, "accepted": 0, "retried": 0, "failed": 0, "waiting": 0}, {"enqueued": 0, "accepted": 0, "retried": 0, "failed": 0, "waiting": null}]',
  'what was enqueued and sent, and what was left');
select is(jsonb_path_query_array(pg_temp.overview('{hours}'), '$[0 to 31].accepted ? (@ > 0)'), '[]', 'and nothing of before');

select * from finish();
rollback;
