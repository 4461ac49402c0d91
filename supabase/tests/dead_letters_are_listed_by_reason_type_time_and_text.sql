begin;
\ir helpers.psql
select plan(19);

create function pg_temp.listed(p_filter jsonb, p_limit integer default 100, p_before uuid default null) returns uuid[] language sql as $$
  select array(select (e ->> 'id')::uuid from jsonb_array_elements(public.email_queue_dead_letters(p_filter, p_limit, p_before)) with ordinality as x(e, n) order by n)
$$;
create temp table m (name text, id uuid);
insert into m values ('rejected', pg_temp.mail());
select pg_temp.settle(d, '{"answer": "none", "rest": "fail", "error": {"class": "rejected", "message": "Bad 100%_address"}}') from (select pg_temp.claim(1) as d) as c;
insert into m values ('unknown', pg_temp.mail());
select pg_temp.begin(d), pg_temp.settle(d, '{"answer": "unknown", "rest": "fail", "reason": "unknown_outcome", "error": {"class": "unknown", "message": "No answer"}}')
from (select pg_temp.claim(2) as d) as c;
insert into m values ('waiting', pg_temp.mail());
update email_queue_private.message set completed_at = clock_timestamp() - interval '1 day' where id = (select id from m where name = 'rejected');

select is(pg_temp.listed('{}'), array(select id from m where name <> 'waiting' order by id desc), 'all, newest first, and only what failed');
select is(pg_temp.listed('{"reason": "rejected"}'), array(select id from m where name = 'rejected'), 'by reason');
select is(pg_temp.listed('{"reason": "exhausted"}'), array[]::uuid[], 'by a reason that none has');
select is(pg_temp.listed('{"type": "email"}'), pg_temp.listed('{}'), 'by type');
select is(pg_temp.listed('{"type": "report"}'), array[]::uuid[], 'by a type that none has');
select is(pg_temp.listed(jsonb_build_object('since', clock_timestamp() - interval '1 hour')), array(select id from m where name = 'unknown'), 'since a time');
select is(pg_temp.listed(jsonb_build_object('until', clock_timestamp() - interval '1 hour')), array(select id from m where name = 'rejected'), 'until a time');
select is(pg_temp.listed('{"text": "100%_ADDRESS"}'), array(select id from m where name = 'rejected'), 'by a text of the last error, whatever its case');
select is(pg_temp.listed('{"text": "message"}'), array[]::uuid[], 'what an error is written with is no text of it');
select throws_ok($$select public.email_queue_dead_letters('{"text": " "}')$$, '22023', 'email_queue: filter.text: must not be empty', 'an empty text, which each error has');
select throws_ok($$select public.email_queue_discard(p_filter => '{"text": ""}')$$, '22023', 'email_queue: filter.text: must not be empty', 'for a discard, too');
select throws_ok($$select public.email_queue_redrive(p_filter => '{"text": ""}')$$, '22023', 'email_queue: filter.text: must not be empty', 'and for a redrive');
select is(pg_temp.listed('{"text": "1%s"}'), array[]::uuid[], 'a % in a text means itself');
select is(pg_temp.listed('{}', 1), array(select id from m where name = 'unknown'), 'a page');
select is(pg_temp.listed('{}', 1, (select id from m where name = 'unknown')), array(select id from m where name = 'rejected'), 'and the next');
select throws_ok($$select public.email_queue_dead_letters('{"reasons": "x"}')$$, '22023', 'email_queue: filter.reasons: is not a filter: use type, reason, since, until, text or metadata', 'a filter that does not exist');
select is(public.email_queue_dead_letters(jsonb_build_object('after', (select id from email_queue_private.message where status = 'failed' order by id desc limit 1))), '[]', 'none is behind the last');
select throws_ok($$select public.email_queue_dead_letters('{"after": "x"}')$$, '22023', 'email_queue: filter.after: must be the id of a message', 'an id that is none');
select throws_ok($$select public.email_queue_dead_letters('{"reason": "lost"}')$$, '22023', 'email_queue: filter.reason: must be rejected, exhausted, unknown_outcome, not_accepted, expired or suppressed', 'a reason that does not exist');

select * from finish();
rollback;
