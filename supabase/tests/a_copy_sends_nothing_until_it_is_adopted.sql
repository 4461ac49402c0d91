begin;
\ir helpers.psql
\ir identity.psql
select plan(27);

-- A fresh install works at once.
select public.email_queue_enqueue('{"to": "user@b.example", "subject": "Hello", "text": "Hi"}');
select is(pg_temp.ask('https://Abc.Supabase.co/'), 'sends', 'what was enqueued here is sent without connect');
select is(pg_temp.identities(), 'recorded abc.supabase.co', 'and its function is recorded');
select pg_temp.mail();
select is(pg_temp.ask('https://abc.supabase.co:443'), 'sends', 'the same address in another spelling');
select is(pg_temp.ask(null), 'empty', 'a caller that reports none is not checked');

-- The copy.
select pg_temp.age('1 hour');
select pg_temp.mail('{"delay_ms": 3600000}');
select is(pg_temp.ask('https://staging.supabase.co'),
  'paused: a copy does not send: this queue is that of abc.supabase.co, and the function of staging.supabase.co asks for it. If this database may send: select email_queue_adopt();',
  'another function is refused, also where all mail is scheduled for later');
select pg_temp.mail();
select alike(pg_temp.ask('https://staging.supabase.co'), 'paused: %', 'and where it is due');
select is(pg_temp.identities(), 'recorded abc.supabase.co, refused staging.supabase.co', 'the refused one is kept');
select is(public.email_queue_stats() #>> '{paused,kind}', 'copy', 'stats say so');
select is(public.email_queue_resume() ->> 'resumed', 'false', 'resume finds nothing to resume');
select public.email_queue_pause('maintenance');
select is(public.email_queue_resume() ->> 'resumed', 'true', 'and ends another pause');
select alike(pg_temp.ask('https://staging.supabase.co'), 'paused: a copy%', 'but not this one');
create temp table d as select pg_temp.claim(7) as d;
select is((select pg_temp.work(jsonb_build_object('project_url', 'https://staging.supabase.co', 'begins', jsonb_build_array(
    '{"endpoint": "batch", "wire_version": 1, "timeout_ms": 30000, "margin_ms": 5000, "max_wait_ms": 2000}'::jsonb || d))) #>> '{begins,0,state}' from d),
  'paused', 'what was claimed is not begun');
select is((select begun from email_queue_private.dispatch where id = (select (d ->> 'dispatch_id')::uuid from d)), false, 'really');
select pg_temp.begin(d), pg_temp.freeze(d) from d;
delete from email_queue_private.ready;
select alike(pg_temp.ask('https://staging.supabase.co'), 'paused: a copy%', 'a frozen dispatch waits too');
select is(pg_temp.work(jsonb_build_object('project_url', 'https://staging.supabase.co', 'settles', jsonb_build_array(jsonb_build_object(
    'dispatch_id', d -> 'dispatch_id', 'token', d -> 'token', 'answer', 'unknown', 'rest', 'freeze', 'members', '[]'::jsonb, 'counted', true)))) #>> '{settles,0,result}',
  'already', 'settles are taken') from d;

-- The way out.
select is(public.email_queue_adopt(), '{"adopted": true, "previous": ["abc.supabase.co"], "refused": ["staging.supabase.co"]}', 'one call adopts');
select is(pg_temp.ask('https://staging.supabase.co'), 'sends', 'then the copy sends');
select is(pg_temp.identities(), 'recorded staging.supabase.co', 'and is the original of its own copies');
select is(public.email_queue_stats() -> 'paused', 'null', 'the pause is over');

-- An empty queue.
select pg_temp.age('1 hour');
truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch;
select is(pg_temp.ask('https://c.supabase.co'), 'empty', 'an empty queue that was restored');
select is(pg_temp.identities(), 'recorded c.supabase.co', 'takes the new address');
select alike(pg_temp.ask('https://api.acme.example'), 'paused: a copy%', 'but not while the recorded function is at work: this one was run by hand');
select is(pg_temp.identities(), 'recorded c.supabase.co, refused api.acme.example', 'which stays recorded');
select is(public.email_queue_stats() -> 'paused', 'null', 'and is not paused');
select pg_temp.mail();
select is(pg_temp.ask('https://c.supabase.co'), 'sends', 'it sends');

-- Both in one: a dump with data was loaded into a database whose worker had found it empty.
select pg_temp.mail();
insert into email_queue_private.identity (kind, address, server, last_server) values ('recorded', 'abc.supabase.co', '1/2', '1/2');
select alike(pg_temp.ask('https://c.supabase.co'), 'paused: a copy does not send: this queue is that of abc.supabase.co, and the function of c.supabase.co%', 'all that are recorded must be the one that asks');
select public.email_queue_adopt();
select is(pg_temp.ask('https://c.supabase.co'), 'sends', 'once adopted it sends');

select * from finish();
rollback;
