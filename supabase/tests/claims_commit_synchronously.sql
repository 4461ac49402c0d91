begin;
\ir helpers.psql
select plan(2);

set local synchronous_commit = off;
select public.email_queue_worker_work('{"claim": {"tokens": []}}');
select is(current_setting('synchronous_commit'), 'on', 'a call makes its transaction wait for the disk, whatever the role''s default');
set local synchronous_commit = local;
select public.email_queue_worker_work('{"claim": {"tokens": []}}');
select is(current_setting('synchronous_commit'), 'local', 'and takes no stricter setting away');

select * from finish();
rollback;
