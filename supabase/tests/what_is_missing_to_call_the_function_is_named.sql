begin;
\ir helpers.psql
select plan(12);

select throws_ok('select public.email_queue_schedule()', '55000', 'email_queue: the extension pg_cron is missing', 'no pg_cron');
select throws_ok('select public.email_queue_wake()', '55000', 'email_queue: the extension pg_net is missing', 'no pg_net');
select throws_ok('select public.email_queue_call()', '55000', 'email_queue: the extension pg_net is missing', 'nor can it be called by hand');
select is(public.email_queue_unschedule(), '{"removed": false}', 'with nothing there, nothing is to be removed');
select set_eq($$select f ->> 'detail' from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'check' in ('pg_cron', 'pg_net', 'supabase_vault')$$,
  array['the extension pg_cron is missing', 'the extension pg_net is missing', 'the extension supabase_vault is missing'], 'the doctor names all three');
select is((select count(*)::integer from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'detail' like 'this check broke%'), 0, 'and no check breaks for it');

\ir extensions.psql
delete from vault.secrets where name = 'email_queue_secret';
select throws_ok('select public.email_queue_schedule()', '55000', 'email_queue: the Vault secret email_queue_secret is missing', 'no secret');
select throws_ok('select public.email_queue_wake()', '55000', 'email_queue: the Vault secret email_queue_secret is missing', 'not to be woken either');
delete from vault.secrets;
select throws_ok('select public.email_queue_call()', '55000', 'email_queue: the Vault secret email_queue_url is missing', 'no address');
select throws_like($$select public.email_queue_connect('x.example', 'the-secret-of-the-tests')$$, 'email_queue: url: must be the address%', 'a wrong address is refused');
select throws_like($$select public.email_queue_connect('https://x.example', 'short')$$, 'email_queue: secret: must have at least 16%', 'and a short secret');
select is((public.email_queue_connect('https://x.example', 'another-secret-of-it') -> 'changed')::text || (public.email_queue_connect('https://x.example', 'another-secret-of-it') -> 'changed')::text,
  'truefalse', 'connecting twice changes nothing');

select * from finish();
rollback;
