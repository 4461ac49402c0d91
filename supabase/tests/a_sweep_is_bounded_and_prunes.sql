begin;
\ir helpers.psql
select plan(5);

select pg_temp.mails(25, p_payload => '{"attachments": [{"filename": "a", "content": "eA=="}]}');
select count(pg_temp.claim(t)) from generate_series(1, 25) as t;
select is((select count(*)::integer from email_queue_private.dispatch where token is not null), 25, '25 dispatches are leased');
update email_queue_private.dispatch set visible_at = clock_timestamp() - interval '1 second';
select pg_temp.sweep();
select is((select count(*)::integer from email_queue_private.dispatch where token is not null), 5, 'one sweep recovers 20');
select pg_temp.sweep();
select is((select count(*)::integer from email_queue_private.dispatch where token is not null), 0, 'the next the rest');

truncate email_queue_private.dispatch, email_queue_private.ready, email_queue_private.message, email_queue_private.body;
insert into email_queue_private.dispatch (id, created_at, updated_at, settled_at, bytes, priority, attempts_allowed, type, lane, message_ids, member_attempts)
select email_queue_private.new_id(), now(), now(), now() - case n when 1 then interval '23 hours' else interval '25 hours' end, 1, 2, 1, 'email', 'batch:a.example', '{}', '{}'
from generate_series(1, 25) as n;
select pg_temp.sweep();
select is((select count(*)::integer from email_queue_private.dispatch), 5, 'settled ones are deleted after a day, 20 at a time');
select pg_temp.sweep();
select is((select count(*)::integer from email_queue_private.dispatch), 1, 'and not before');

select * from finish();
rollback;
