begin;
\ir helpers.psql
create function pg_temp.finding(p_check text) returns text language sql as $$
  select f ->> 'status' || ': ' || (f ->> 'detail') from jsonb_array_elements(public.email_queue_doctor()) as f where f ->> 'check' = p_check
$$;
select plan(15);

select is(pg_temp.finding('schema'), 'ok: as the migrations left it', 'nothing was: the last migration has recorded it');
select is(pg_temp.finding('grants'), 'ok: only service_role', 'and nothing is open');
alter function public.email_queue_stats() security definer;
select alike(pg_temp.finding('schema'), 'fail: function %email_queue_stats() was changed', 'a function');
alter function public.email_queue_stats() security invoker;
alter table email_queue_private.message alter column priority drop not null;
select is(pg_temp.finding('schema'), 'fail: relation email_queue_private.message was changed', 'a column');
alter table email_queue_private.message alter column priority set not null;
drop index email_queue_private.message_dead_letters;
select is(pg_temp.finding('schema'), 'fail: index email_queue_private.message_dead_letters is gone', 'an index');
create table email_queue_private.mine (id integer);
select alike(pg_temp.finding('schema'), '%relation email_queue_private.mine is new%', 'a table');
call email_queue_private.record_schema();
select is(pg_temp.finding('schema'), 'ok: as the migrations left it', 'what is meant is recorded');
alter table email_queue_private.waking enable trigger waking_is_decided_at_commit;
select is(pg_temp.finding('schema'), 'ok: as the migrations left it', 'a wake-up is a setting');
select is(pg_temp.finding('grants'), 'fail: row security is off for email_queue_private.mine', 'a table without row security');
drop table email_queue_private.mine;
grant execute on function public.email_queue_stats() to anon;
revoke execute on function public.email_queue_prune(integer) from service_role;
select is(pg_temp.finding('grants'), 'fail: anon may execute public.email_queue_stats(), service_role may not execute public.email_queue_prune(integer)', 'grants, both ways');
call email_queue_private.apply_grants();
select is(pg_temp.finding('grants'), 'ok: only service_role', 'and the remedy closes them');
create role email_queue_reporting;
grant usage on schema email_queue_private to email_queue_reporting;
grant execute on all functions in schema public to email_queue_reporting;
grant select on public.email_queue to email_queue_reporting with grant option;
select alike(pg_temp.finding('grants'), 'fail: email_queue_reporting may execute %', 'a role of somebody''s own');
select alike(pg_temp.finding('grants'), '%email_queue_reporting may execute public.email_queue_doctor()%', 'may call the functions');
call email_queue_private.apply_grants();
select is(pg_temp.finding('grants'), 'ok: only service_role', 'and the remedy takes them');
select is(pg_temp.finding('version'), 'ok: ' || public.email_queue_version(), 'which version it is');

select * from finish();
rollback;
