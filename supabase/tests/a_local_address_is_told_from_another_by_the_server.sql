begin;
\ir helpers.psql
\ir identity.psql
select plan(32);

-- Addresses.
select is(email_queue_private.identity_address(url), address, url)
from (values
  ('https://ABC.supabase.co/', 'abc.supabase.co'), ('https://abc.supabase.co:443/functions/v1/process-email-queue?x=1', 'abc.supabase.co'), ('http://abc.example:80', 'abc.example'),
  ('https://abc.example:8443', 'abc.example:8443'), ('http://abc.example:8080/', 'abc.example:8080'), ('https://user:secret@abc.example/x@y', 'abc.example'),
  ('http://127.0.0.1:54321', 'localhost'), ('http://localhost:54321', 'localhost'), ('http://[::1]:8000', 'localhost'), ('http://kong:8000', 'localhost'),
  ('http://supabase_kong_my-project:8000', 'localhost'), ('http://host.docker.internal:54321', 'localhost'), ('http://api.supabase.internal:8000', 'localhost'),
  ('http://mac.local:54321', 'mac.local:54321'), ('http://192.168.1.5:8000', '192.168.1.5:8000'), ('', '')) as t(url, address);
select is(email_queue_private.is_local_address(address), local, address || case when local then ' is local' else ' is not' end)
from (values ('localhost', true), ('mac.local:54321', true), ('192.168.1.5:8000', true), ('10.0.0.1', true), ('172.20.0.3', true), ('172.40.0.3', false), ('[fd00::1]', true),
  ('abc.supabase.co', false), ('local.example', false)) as t(address, local);

-- One machine, another server.
select pg_temp.mail();
select is(pg_temp.ask('http://kong:8000') || ', ' || pg_temp.identities(), 'sends, recorded localhost', 'on this machine');
select pg_temp.mail();
select is(pg_temp.ask('http://127.0.0.1:54321'), 'sends', 'by another name of it');
update email_queue_private.identity set server = '7/16384', seen_at = seen_at - interval '1 hour' where true;
select pg_temp.mail();
select is(pg_temp.ask('http://kong:8000'),
  'paused: a copy does not send: this queue is that of localhost on another database server, and the function of localhost asks for it. If this database may send: select email_queue_adopt();',
  'from another server');
select public.email_queue_adopt();
select is(pg_temp.ask('http://kong:8000'), 'sends', 'once adopted it sends');
select pg_temp.mail();
select alike(pg_temp.ask('https://abc.supabase.co'), 'paused: %', 'a project that was restored from it');

-- Elsewhere a change of the server alone stops nothing: a major upgrade, a restore in place.
select public.email_queue_adopt();
select is(pg_temp.ask('https://abc.supabase.co'), 'sends', 'adopted');
update email_queue_private.identity set server = '7/16384' where true;
select pg_temp.mail();
select is(pg_temp.ask('https://abc.supabase.co'), 'sends', 'the same address on another server sends');

select * from finish();
rollback;
