begin;
\ir helpers.psql
\ir extensions.psql
select plan(18);

select is(pg_temp.finding('answers'), 'ok: pg_net has kept no answer to a call', 'before the first');
create function pg_temp.answered(p_status integer, p_content text, p_error text default null, p_timed_out boolean default false) returns text language sql as $$
  insert into net._http_response (id, status_code, content, error_msg, timed_out, created)
  select (public.email_queue_call() ->> 'request_id')::bigint, p_status, p_content, p_error, p_timed_out, clock_timestamp();
  select regexp_replace(pg_temp.finding('answers'), 'the call of .* \(hand\)', '…')
$$;
select is(pg_temp.answered(202, '{"runId": "x", "accepted": true}'), 'ok: … was accepted', 'all is well');
select is(pg_temp.answered(401, 'no'), 'fail: … was refused (401): the secret in Vault is not the function''s', 'a wrong secret');
select is(pg_temp.remedy('answers'), 'email-queue deploy', 'is mended by deploying');
select alike(pg_temp.answered(404, 'no'), 'fail: … found no function (404)%', 'no function');
select is(pg_temp.answered(null, null, 'Timeout of 5000 ms reached', true), 'fail: … timed out: the function would answer at once if it started', 'a timeout');
select is(pg_temp.answered(null, null, 'Couldn''t connect to server'), 'fail: … did not reach the function at x.example: Couldn''t connect to server', 'no connection');
select is(pg_temp.answered(500, 'no'), 'fail: … was answered with 500', 'an error');
select is(pg_temp.answered(200, '<html>'), 'fail: … was answered (200) by something other than the function', 'a page');
select is(pg_temp.answered(500, '{"code": "misconfigured", "error": "RESEND_API_KEY is not set"}'), 'fail: … was answered with 500: RESEND_API_KEY is not set', 'a variable that is missing');
select alike(pg_temp.answered(503, '{"code": "busy"}'), 'ok: … reached an isolate that takes no more runs%', 'a busy isolate is no fault');

insert into net._http_response (id, status_code, content, created) select 1, 401, 'theirs', clock_timestamp() + interval '1 second';
delete from email_queue_private.call where request_id = 1;
select alike(pg_temp.finding('answers'), 'ok:%', 'what others get is not looked at');
insert into email_queue_private.call values (999, clock_timestamp() - interval '5 minutes', 'schedule');
select alike(pg_temp.finding('answers'), 'ok:%', 'an unanswered call before one that was answered says nothing');
delete from net._http_response;
select is(pg_temp.finding('answers'), 'ok: pg_net has kept no answer to a call', 'nor do answers that nobody keeps');
update email_queue_private.call set called_at = called_at - interval '3 minutes';
select alike(pg_temp.finding('answers'), 'fail: pg_net has taken no request since %', 'what waits in its queue does');
insert into net._http_response (id) values (1000);
select alike(pg_temp.finding('answers'), 'warn: pg_net is busy: %', 'unless others are answered');
update net.http_request_queue set timeout_milliseconds = 120000 where id = (select min(id) from net.http_request_queue);
select is(pg_temp.finding('answers'), 'ok: pg_net has kept no answer to a call', 'a request that may take long is waited for');
update net.http_request_queue set headers = '{}', timeout_milliseconds = 5000;
select is(pg_temp.finding('answers'), 'ok: pg_net has kept no answer to a call', 'after a crash others have our ids');

select * from finish();
rollback;
