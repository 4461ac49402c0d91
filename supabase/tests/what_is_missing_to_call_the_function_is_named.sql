begin;
\ir helpers.psql
delete from email_queue_private.identity where true;
select plan(31);

select throws_ok('select public.email_queue_schedule()', '55000', 'email_queue: the extension pg_cron is missing', 'no pg_cron');
select throws_ok('select public.email_queue_wake()', '55000', 'email_queue: the extension pg_net is missing', 'no pg_net');
select throws_ok('select public.email_queue_call()', '55000', 'email_queue: the extension pg_net is missing', 'nor can it be called by hand');
create function pg_temp.hint(p_call text) returns text language plpgsql as $$
declare v_hint text;
begin
  execute p_call;
  return 'not refused';
exception when object_not_in_prerequisite_state then
  get stacked diagnostics v_hint = pg_exception_hint;
  return v_hint;
end $$;
select is(pg_temp.hint('select public.email_queue_schedule()'), 'In the dashboard: Integrations, Cron; or in its SQL editor: create extension pg_cron with schema pg_catalog;', 'with what creates it');
select is(pg_temp.hint('select public.email_queue_wake()'), 'In the dashboard: Database, Extensions, pg_net; or in its SQL editor: create extension pg_net with schema extensions;', 'each with its own');
select is(pg_temp.hint($$select public.email_queue_connect('https://x.example', 'the-secret-of-the-tests')$$), 'In the dashboard: Integrations, Vault; or in its SQL editor: create extension supabase_vault cascade;', 'connect needs Vault');
select is(public.email_queue_unschedule(), '{"removed": false}', 'with nothing there, nothing is to be removed');
select set_eq($$select f ->> 'detail' from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'check' in ('pg_cron', 'pg_net', 'supabase_vault')$$,
  array['the extension pg_cron is missing', 'the extension pg_net is missing', 'the extension supabase_vault is missing'], 'the doctor names all three');
select is((select count(*)::integer from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'detail' like 'this check failed with an error%'), 0, 'and no check breaks for it');

\ir extensions.psql
select is((select string_agg(kind, ',') from email_queue_private.identity), 'adopt', 'connect has the next function that asks recorded');
create function pg_temp.connect(p_url text) returns jsonb language sql as $$ select public.email_queue_connect(p_url, 'another-secret-of-it') $$;
select is(pg_temp.connect('https://x.example/functions/v1/process-email-queue') -> 'extensions', '{"pg_cron": "present", "pg_net": "present", "supabase_vault": "present"}', 'what is there is present');
select is(pg_temp.connect('https://new.supabase.co/functions/v1/process-email-queue') ->> 'replaced', 'x.example', 'another project''s address is replaced, and named');
select is(pg_temp.connect('https://new.supabase.co/functions/v1/process-email-queue') ->> 'replaced', null, 'its own is not');
drop schema cron cascade;
select alike(pg_temp.connect('https://x.example') #>> '{extensions,pg_cron}', 'missing: In the dashboard: %', 'connect creates nothing, and says what is missing');
delete from vault.secrets where name = 'email_queue_secret';
create schema cron create table job (jobid bigint, jobname text);
select throws_ok('select public.email_queue_schedule()', '55000', 'email_queue: the Vault secret email_queue_secret is missing', 'no secret');
select throws_ok('select public.email_queue_wake()', '55000', 'email_queue: the Vault secret email_queue_secret is missing', 'not to be woken either');
delete from vault.secrets;
select throws_ok('select public.email_queue_call()', '55000', 'email_queue: the Vault secret email_queue_url is missing', 'no address');
select throws_like($$select public.email_queue_connect('x.example', 'the-secret-of-the-tests')$$, 'email_queue: url: must be the address%', 'a wrong address is refused');
select throws_like(format('select public.email_queue_connect(%L, %L)', u, 'the-secret-of-the-tests'), 'email_queue: url: must be the address%', 'nor one like ' || left(u, 40))
from unnest(array['https://x.example/a b', E'https://x.example/a\n', E'https://x.example\n', ' https://x.example', 'https://user:pw@x.example/a', 'https://user@x.example', 'https://x.example/ä', 'https://']) as u;
select throws_ok(format('select public.email_queue_call(%L)', c), '22023', 'email_queue: cause: must be schedule, wake or hand', 'an unknown cause')
from unnest(array['x', null]) as c;
select unalike(pg_temp.hint('select public.email_queue_call()'), '%(''%', 'the remedy puts no secret into a statement');
select throws_like($$select public.email_queue_connect('https://x.example', 'short')$$, 'email_queue: secret: must have at least 16%', 'and a short secret');
select is((public.email_queue_connect('https://x.example', 'another-secret-of-it') -> 'changed')::text || (public.email_queue_connect('https://x.example', 'another-secret-of-it') -> 'changed')::text,
  'truefalse', 'connecting twice changes nothing');

select * from finish();
rollback;
