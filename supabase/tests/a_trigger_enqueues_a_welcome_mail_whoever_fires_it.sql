-- Who may act as Supabase Auth.
\connect - supabase_admin
begin;
set local role postgres;
\ir helpers.psql
select plan(14);

grant usage on schema extensions to supabase_auth_admin;

\ir welcome_trigger.psql

-- The same function on a table that users write to themselves.
create table public.profile (id uuid primary key default gen_random_uuid(), email text);
grant insert on public.profile to authenticated;
create trigger enqueue_welcome after insert on public.profile for each row execute function private.enqueue_welcome();

set local role supabase_auth_admin;
select lives_ok($$insert into auth.users (id, email) values ('00000000-0000-4000-8000-000000000001', 'new@b.example')$$, 'Supabase Auth creates a user');
select lives_ok($$insert into auth.users (id, email) values ('00000000-0000-4000-8000-000000000002', null)$$, 'one without an address too');
select throws_ok($$select public.email_queue_enqueue('{}')$$, '42501', null, 'it may not enqueue by itself');
reset role;
select results_eq($$select payload ->> 'to', payload ->> 'from', dedup_key, status from public.email_queue$$,
  $$values ('new@b.example', 'Shop <shop@a.example>', 'welcome:00000000-0000-4000-8000-000000000001', 'pending')$$, 'a welcome mail waits');

set local role authenticated;
select lives_ok($$insert into public.profile (email) values ('me@b.example')$$, 'a user writes a row');
select throws_ok($$select public.email_queue_enqueue('{}')$$, '42501', null, 'and may not enqueue by itself');
select throws_ok($$select private.enqueue_welcome()$$, '42501', null, 'nor call the function');
select lives_ok($$insert into public.profile (email) values ('nobody')$$, 'a wrong address stops no row');
reset role;
select is((select count(*)::integer from public.email_queue), 2, 'two wait');

savepoint without;
update email_queue_private.setting set default_sender = null;
set local role supabase_auth_admin;
select lives_ok($$insert into auth.users (email) values ('sender@b.example')$$, 'a missing sender stops no sign-up');
reset role;
alter function public.email_queue_enqueue rename to email_queue_enqueue_gone;
set local role supabase_auth_admin;
select lives_ok($$insert into auth.users (email) values ('queue@b.example')$$, 'nor does a missing queue');
reset role;
select is((select count(*)::integer from public.email_queue), 2, 'still two wait');
rollback to without;

savepoint before;
set local role supabase_auth_admin;
insert into auth.users (email) values ('late@b.example');
reset role;
select is((select count(*)::integer from public.email_queue), 3, 'a third, in its transaction');
rollback to before;
select is((select count(*)::integer from public.email_queue), 2, 'gone with it');

select * from finish();
rollback;
