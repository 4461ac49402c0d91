begin;
\ir helpers.psql
\ir identity.psql
select plan(17);

-- As a dump of the tables alone leaves it: messages, and neither an identity nor the sequence of enqueues.
create function pg_temp.restore() returns void language sql as $$
  truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch;
  select pg_temp.mail();
  delete from email_queue_private.identity where true;
  select setval('email_queue_private.enqueued_here', 1, false);
$$;
select pg_temp.restore();
select is(pg_temp.ask('https://new.supabase.co'),
  'paused: a copy does not send: this database has open messages that were not enqueued here, and the function of new.supabase.co asks for it. If this database may send: select email_queue_adopt();',
  'messages that were loaded are not sent');
select pg_temp.mail();
select is(pg_temp.ask('https://new.supabase.co'), 'sends', 'once something was enqueued here, they cannot be told from it');
select isnt(pg_catalog.pg_sequence_last_value('email_queue_private.recorded_here'), null, 'that an identity was recorded outlives its row');

-- Truncated tables.
select pg_temp.restore();
select pg_temp.mail();
select is(pg_temp.ask('https://new.supabase.co'), 'sends', 'a truncated table on the same server is as good as a fresh one');
select pg_temp.restore();
select pg_temp.mail();
select setval('email_queue_private.recorded_here', 42);
select alike(pg_temp.ask('https://new.supabase.co'), 'paused: %', 'but where another server has sent, it is not');
select public.email_queue_adopt();
select is(pg_temp.ask('https://new.supabase.co'), 'sends', 'until it is adopted');

-- Who adopts.
select pg_temp.restore();
select email_queue_private.adopt_next(), email_queue_private.adopt_next();
select is(pg_temp.identities(), 'adopt', 'the migration and connect have the next function recorded');
update email_queue_private.identity set server = '1/2' where kind = 'adopt';
select alike(pg_temp.ask('https://new.supabase.co'), 'paused: %', 'a mark that was copied counts for nothing');
select email_queue_private.adopt_next();
select is(pg_temp.ask('https://new.supabase.co'), 'sends', 'one of this server does');
select is(pg_temp.identities(), 'recorded new.supabase.co', 'and is used up');
select email_queue_private.adopt_next();
select is(pg_temp.identities(), 'recorded new.supabase.co', 'where an identity is recorded it changes nothing');
select pg_temp.age('1 hour');
select pg_temp.mail();
select alike(pg_temp.ask('https://other.supabase.co'), 'paused: %', 'nor does it let a copy send');

-- No row, nothing waits.
delete from email_queue_private.identity;
truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch;
select setval('email_queue_private.enqueued_here', 1, false);
select is(pg_temp.ask('https://new.supabase.co'), 'empty', 'an empty queue');
select is(pg_temp.identities(), 'recorded new.supabase.co', 'takes the first that asks');

-- A mail of another type is not the function's.
delete from email_queue_private.identity;
select pg_temp.mail('{"type": "report"}');
select setval('email_queue_private.enqueued_here', 1, false);
select is(pg_temp.ask('https://third.supabase.co'), 'empty', 'messages of a custom consumer do not count');
select is(pg_temp.work('{"project_url": "https://fourth.supabase.co", "settles": []}') -> 'obstacle', 'null', 'a call that neither claims nor begins is not checked');
select is(pg_temp.identities(), 'recorded third.supabase.co', 'nor recorded');

select * from finish();
rollback;
