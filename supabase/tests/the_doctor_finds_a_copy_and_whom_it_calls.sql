begin;
\ir helpers.psql
\ir identity.psql
\ir extensions.psql
select plan(21);
delete from email_queue_private.identity where true; -- connect has left its mark

select is(pg_temp.finding('identity'), 'ok: no function has asked yet', 'a fresh database');
select is(pg_temp.finding('function address'), 'ok: this database calls x.example', 'and whom it calls');
select public.email_queue_connect('https://abcdefghijklmnopqrst.supabase.co/functions/v1/process-email-queue', 'the-secret-of-the-tests');
select is(pg_temp.ask('https://abcdefghijklmnopqrst.supabase.co'), 'empty', 'a function has asked');
select is(pg_temp.finding('identity'), 'ok: this is the queue of abcdefghijklmnopqrst.supabase.co', 'then the doctor says whose queue it is');
select is(pg_temp.finding('function address'), 'ok: this database calls abcdefghijklmnopqrst.supabase.co', 'it calls itself');

-- Another server under the same address.
update email_queue_private.identity set server = '7/16384' where kind = 'recorded';
select is(pg_temp.finding('identity'), 'warn: this is the queue of abcdefghijklmnopqrst.supabase.co, but on another server than before', 'after a major upgrade or a restore in place it warns');
select alike(pg_temp.remedy('identity'), 'This is normal after a major upgrade % select email_queue_adopt();', 'and says what ends the warning');
select public.email_queue_adopt();
select pg_temp.ask('https://abcdefghijklmnopqrst.supabase.co');
select alike(pg_temp.finding('identity'), 'ok: %', 'which it does');

-- A function that was run by hand beside the one at work.
select pg_temp.mail();
select pg_temp.ask('https://laptop.example');
select alike(pg_temp.finding('identity'), 'warn: this is the queue of abcdefghijklmnopqrst.supabase.co; the function of laptop.example asked for mail at % and was refused', 'one that asks beside the one at work is refused');
select is(public.email_queue_stats() -> 'paused', 'null', 'and the queue is not paused for it');

-- Restored into a new project, whose function was deployed, but not connected.
select pg_temp.age('1 day');
select is(pg_temp.finding('identity'), 'ok: this is the queue of abcdefghijklmnopqrst.supabase.co', 'a day later that is over');
select pg_temp.ask('https://zyxwvutsrqponmlkjihg.supabase.co');
select alike(pg_temp.finding('identity'), 'fail: a copy does not send: this queue is that of abcdefghijklmnopqrst.supabase.co, and the function of zyxwvutsrqponmlkjihg.supabase.co asks for it.%', 'a copy');
select alike(pg_temp.remedy('identity'), '%select email_queue_adopt();%', 'and the way out');
select is(pg_temp.finding('function address'), 'ok: this database calls abcdefghijklmnopqrst.supabase.co', 'where nothing is to call it, it does not matter');
select public.email_queue_wake();
select alike(pg_temp.finding('function address'), 'fail: this database calls the function of abcdefghijklmnopqrst.supabase.co, but its own is the function of zyxwvutsrqponmlkjihg.supabase.co%', 'it still calls the original');
select is(public.email_queue_connect('https://zyxwvutsrqponmlkjihg.functions.supabase.co/process-email-queue', 'the-secret-of-the-tests') ->> 'replaced',
  'abcdefghijklmnopqrst.supabase.co', 'connect says whom it replaces');
select alike(pg_temp.finding('function address'), 'ok: %', 'that mends it');
select alike(pg_temp.ask('https://zyxwvutsrqponmlkjihg.supabase.co'), 'paused: %', 'connecting does not let a copy send');
select public.email_queue_connect('https://mail.acme.example/functions/v1/process-email-queue', 'the-secret-of-the-tests');
select alike(pg_temp.finding('function address'), 'ok: %', 'a custom domain may be this project''s');
select public.email_queue_connect('http://api.supabase.internal:8000/functions/v1/process-email-queue', 'the-secret-of-the-tests');
select alike(pg_temp.finding('function address'), 'fail: %', 'a local stack''s is not');
select public.email_queue_connect('https://abcdefghijklmnopqrst.supabase.co/functions/v1/process-email-queue', 'the-secret-of-the-tests');
select public.email_queue_adopt();
select pg_temp.ask('http://kong:8000');
select alike(pg_temp.finding('function address'), 'fail: %', 'nor is a hosted one''s that of a local stack');

select * from finish();
rollback;
