begin;
select plan(16);

select is_empty('select email_queue_private.dependants()', 'nothing but the queue uses the queue');

create schema app;
-- What one more object adds; it is taken back.
create function pg_temp.found(p_sql text) returns text language plpgsql as $$
declare
  v_found text;
begin
  begin
    execute p_sql;
    v_found := (select string_agg(d, ', ' order by d) from email_queue_private.dependants() as d);
    raise exception 'undo' using errcode = 'EQ001';
  exception when sqlstate 'EQ001' then
    null;
  end;
  return v_found;
end
$$;

select is(pg_temp.found('create view app.waiting as select id from public.email_queue'), 'view app.waiting', 'a view');
select is(pg_temp.found('create view app.version as select public.email_queue_version() as v'), 'view app.version', 'a view that calls a function');
select is(pg_temp.found($$create function app.welcome() returns void language plpgsql as 'begin perform email_queue_enqueue(null); end'$$), 'function app.welcome()', 'a function whose text calls one');
select is(pg_temp.found($$create function app.rows() returns setof public.email_queue language sql as 'select * from public.email_queue'$$), 'function app.rows()', 'a function that returns its rows');
select is(pg_temp.found('create table app.copy (one public.email_queue)'), 'column one of table app.copy', 'a column of its type');
select is(pg_temp.found('create table app.note (v text default public.email_queue_version())'), 'default value for column v of table app.note', 'a default');
select is(pg_temp.found('create table app.note (id uuid references email_queue_private.message)'), 'constraint note_id_fkey on table app.note', 'a foreign key');
select is(pg_temp.found('create trigger mine before insert on email_queue_private.message for each row execute function suppress_redundant_updates_trigger()'),
  'trigger mine on table email_queue_private.message', 'a trigger on a table of ours');
select is(pg_temp.found('create policy mine on email_queue_private.message for select to anon using (true)'), 'policy mine on table email_queue_private.message', 'a policy on a table of ours');
select is(pg_temp.found('create publication mine for table email_queue_private.message'), 'publication of table email_queue_private.message in publication mine', 'a publication');
select is(pg_temp.found('create table email_queue_private.mine (id int)'), 'table email_queue_private.mine', 'a table in our schema');
select is(pg_temp.found('create materialized view email_queue_private.mine as select 1'), 'materialized view email_queue_private.mine', 'a materialized view there');
select is(pg_temp.found('create sequence email_queue_private.mine'), 'sequence email_queue_private.mine', 'a sequence there');
select is(pg_temp.found($$create function email_queue_private.mine() returns int language sql as 'select 1'$$), 'function email_queue_private.mine()', 'a function there');
select is(pg_temp.found($$create function app.email_queue_dispatch() returns text language sql as 'select ''my_email_queue_enqueue, email_queue_log'''$$), null, 'names that only begin or end alike are others');

select * from finish();
rollback;
